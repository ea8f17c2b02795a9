#include "compute/function.h"

#include <fmt/format.h>

#include <algorithm>

#include "compute/fields.h"
#include "compute/mount_path.h"
#include "ipld/dag_cbor.h"
#include "unixfs/reader.h"

namespace timerose::compute {
namespace {

Error invalid_function(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

// `fixed` with what the call adds; the call's win.
template <typename Map>
Map merged(const Map& fixed, Map added) {
  added.insert(fixed.begin(), fixed.end());
  return added;
}

Result<std::string> choose_fx(const std::vector<std::string>& fxs, const std::string& wanted) {
  if (wanted.empty()) {
    if (fxs.size() == 1) return fxs.front();
    return invalid_function(
        fmt::format("this function has several entries, choose one by --fx: {}", joined(fxs)));
  }
  if (std::find(fxs.begin(), fxs.end(), wanted) != fxs.end()) return wanted;
  return invalid_function(
      fmt::format("this function has no entry \"{}\"; it has: {}", wanted, joined(fxs)));
}

Result<std::string> choose_entry(const LoadedFunction& loaded, wasm::Abi abi,
                                 const CallOptions& options) {
  if (!options.fx.empty() && !options.entry.empty() && options.fx != options.entry) {
    return invalid_function("--fx and --entry name different functions: give one of them");
  }
  const std::string& wanted = options.fx.empty() ? options.entry : options.fx;
  if (loaded.kind == LoadedFunction::Kind::kFan) return choose_fx(loaded.fxs, wanted);
  if (!wanted.empty()) return wanted;
  if (!loaded.function.entry.empty()) return loaded.function.entry;
  return std::string(wasm::default_entry(abi));
}

// A Function is sound if a call that adds nothing to it is.
Status check(const Function& function) {
  Invocation call(function.module);
  call.entry = function.entry.empty() ? "_start" : function.entry;
  call.args = function.args;
  call.env = function.env;
  call.mounts = function.mounts;
  call.links = function.links;
  call.memory_bytes_max = function.memory_bytes_max.value_or(Invocation::kMemoryBytesDefault);
  return call.check();
}

}  // namespace

Result<Bytes> Function::encode() const {
  TR_TRY(check(*this));
  Bytes bytes;
  dag_cbor::Writer out(bytes);
  out.map(1 + uint64_t{abi.has_value()} + uint64_t{!env.empty()} + uint64_t{!args.empty()} +
          uint64_t{fuel.has_value()} + uint64_t{!entry.empty()} + uint64_t{!links.empty()} +
          uint64_t{memory_bytes_max.has_value()} + uint64_t{!mounts.empty()});
  if (abi) out.text("abi"), out.text(wasm::abi_name(*abi));
  if (!env.empty()) out.text("env"), write_byte_pairs(out, env);
  if (!args.empty()) out.text("args"), write_byte_strings(out, args);
  if (fuel) out.text("fuel"), out.integer(*fuel);
  if (!entry.empty()) out.text("entry"), out.text(entry);
  if (!links.empty()) out.text("links"), write_link_pairs(out, links);
  if (memory_bytes_max) out.text("memory"), out.integer(*memory_bytes_max);
  out.text("module");
  out.link(module);
  if (!mounts.empty()) out.text("mounts"), write_link_pairs(out, mounts);
  return bytes;
}

Result<Function> Function::decode(ByteView bytes) {
  TR_ASSIGN(const Value value, dag_cbor::decode(bytes));
  TR_ASSIGN(Fields fields, Fields::of(value, "Function"));
  TR_ASSIGN(Cid module, fields.link("module"));
  Function function(std::move(module));
  TR_ASSIGN(const auto abi, fields.optional_text("abi"));
  if (abi) {
    auto named = wasm::abi_named(*abi);
    if (!named.ok()) {
      return Error{ErrorCode::kMalformed, "Function: field \"abi\": " + named.error().message};
    }
    function.abi = *named;
  }
  TR_ASSIGN(function.env, fields.byte_pairs("env"));
  TR_ASSIGN(function.args, fields.byte_strings("args"));
  TR_ASSIGN(function.fuel, fields.optional_integer("fuel"));
  TR_ASSIGN(const auto entry, fields.optional_text("entry"));
  function.entry = entry.value_or("");
  TR_ASSIGN(function.links, fields.link_pairs("links"));
  TR_ASSIGN(function.memory_bytes_max, fields.optional_integer("memory"));
  TR_ASSIGN(function.mounts, fields.link_pairs("mounts"));
  TR_TRY(fields.finish());
  if (Status status = check(function); !status.ok()) {
    return Error{ErrorCode::kMalformed, "Function: " + status.error().message};
  }
  return function;
}

Result<Function> Function::canonical() const {
  Function function = *this;
  function.module = module.as_v1();
  for (auto& [name, cid] : function.links) cid = cid.as_v1();
  TR_ASSIGN(function.mounts, normal_mounts(mounts));
  TR_TRY(check(function));
  return function;
}

Result<wasm::Abi> abi_of(const Function& function, Blockstore& store, wasm::ModuleCache& modules) {
  if (function.abi) return *function.abi;
  TR_ASSIGN(const auto module, modules.get(function.module.as_v1(),
                                           [&] { return read_module(store, function.module); }));
  return module->detect_abi();
}

Result<Invocation> make_invocation(const LoadedFunction& loaded, wasm::Abi abi,
                                   const CallOptions& options) {
  const Function& fixed = loaded.function;
  Invocation call(fixed.module);
  call.abi = abi;
  TR_ASSIGN(call.entry, choose_entry(loaded, abi, options));
  call.args = fixed.args;
  call.args.insert(call.args.end(), options.args.begin(), options.args.end());
  call.env = merged(fixed.env, options.env);
  call.inputs = options.inputs;
  TR_ASSIGN(auto added_mounts, normal_mounts(options.mounts));
  call.mounts = merged(fixed.mounts, std::move(added_mounts));
  call.links = merged(fixed.links, options.links);
  call.stdin_file = options.stdin_file;
  call.seed = options.seed;
  call.memory_bytes_max = options.memory_bytes_max.value_or(
      fixed.memory_bytes_max.value_or(Invocation::kMemoryBytesDefault));
  return call.canonical();
}

}  // namespace timerose::compute
