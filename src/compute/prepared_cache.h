// Functions that are ready to be called, by module, links, ABI and entry. Thread-safe.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "compute/invocation.h"
#include "wasm/call.h"
#include "wasm/engine.h"
#include "wasm/module.h"

namespace timerose::compute {

class PreparedCache {
 public:
  // Functions kept; beyond it those go that were not called for the longest time.
  static constexpr size_t kFunctionsMax = 256;

  // Modules are read from `store`. All must outlive it.
  PreparedCache(wasm::Engine& engine, wasm::ModuleCache& modules, Blockstore& store)
      : engine_(engine), modules_(modules), store_(store) {}

  Result<std::shared_ptr<const wasm::Prepared>> get(const Invocation& call);
  [[nodiscard]] bool has(const Invocation& call);

 private:
  using Prepared = std::shared_ptr<const wasm::Prepared>;
  using Order = std::list<std::pair<std::string, Prepared>>;  // last called first

  Result<std::shared_ptr<const wasm::Module>> module(const Cid& cid);
  Result<Prepared> prepare(const Invocation& call);

  wasm::Engine& engine_;
  wasm::ModuleCache& modules_;
  Blockstore& store_;
  std::mutex mutex_;
  Order order_;
  std::unordered_map<std::string_view, Order::iterator> by_key_;  // keys live in order_
};

}  // namespace timerose::compute
