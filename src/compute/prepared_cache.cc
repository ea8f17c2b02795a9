#include "compute/prepared_cache.h"

#include <fmt/format.h>

#include "compute/function.h"

namespace timerose::compute {
namespace {

void append_sized(std::string& key, std::string_view part) {
  const auto length = static_cast<uint32_t>(part.size());
  key.append(reinterpret_cast<const char*>(&length), sizeof(length)).append(part);
}

void write_key(const Invocation& call, std::string& key) {
  key.assign(1, static_cast<char>(call.abi));
  append_sized(key, as_text(call.module.bytes()));
  append_sized(key, call.entry);
  for (const auto& [name, cid] : call.links) {
    append_sized(key, name);
    append_sized(key, as_text(cid.bytes()));
  }
}

}  // namespace

Result<std::shared_ptr<const wasm::Module>> PreparedCache::module(const Cid& cid) {
  auto module = modules_.get(cid, [&] { return read_module(store_, cid); });
  if (!module.ok()) return std::move(module).error().within("module " + cid.to_string());
  return module;
}

Result<PreparedCache::Prepared> PreparedCache::prepare(const Invocation& call) {
  wasm::Target target;
  TR_ASSIGN(target.module, module(call.module));
  target.abi = call.abi;
  target.entry = call.entry;
  for (const auto& [name, cid] : call.links) {
    TR_ASSIGN(target.links[name], module(cid));
  }
  TR_ASSIGN(auto prepared, wasm::Prepared::create(engine_, std::move(target)));
  return Prepared(std::move(prepared));
}

bool PreparedCache::has(const Invocation& call) {
  std::string key;
  write_key(call, key);
  const std::lock_guard lock(mutex_);
  return by_key_.contains(key);
}

Result<PreparedCache::Prepared> PreparedCache::get(const Invocation& call) {
  thread_local std::string key;
  write_key(call, key);
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return order_.front().second;
    }
  }
  TR_ASSIGN(Prepared prepared, prepare(call));
  const std::lock_guard lock(mutex_);
  if (by_key_.contains(key)) return prepared;  // another thread was as fast
  order_.emplace_front(key, prepared);
  by_key_.emplace(order_.front().first, order_.begin());
  if (order_.size() > kFunctionsMax) {
    by_key_.erase(order_.back().first);
    order_.pop_back();
  }
  return prepared;
}

}  // namespace timerose::compute
