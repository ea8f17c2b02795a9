#include <fmt/format.h>

#include <algorithm>

#include "wasm/abi/abi.h"
#include "wasm/abi/fan.h"

namespace timerose::wasm::abi {

namespace {

const ExternType* find(const Module& module, std::string_view name, std::string_view kind) {
  const auto found =
      std::find_if(module.exports().begin(), module.exports().end(),
                   [&](const ExternType& one) { return one.name == name && one.kind == kind; });
  return found == module.exports().end() ? nullptr : &*found;
}

std::string functions_of(const Module& module) {
  constexpr size_t kListedMax = 20;
  std::string text;
  size_t count = 0;
  for (const ExternType& one : module.exports()) {
    if (one.kind != "function" || ++count > kListedMax) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", one.name, one.type);
  }
  if (count > kListedMax) text += fmt::format(" and {} more", count - kListedMax);
  return text.empty() ? "no function" : text;
}

Error wrong_entry(const Module& module, Abi abi, const std::string& entry,
                  std::string_view expected) {
  return Error{ErrorCode::kUnsupported,
               fmt::format("the {} ABI calls an exported function \"{}\" of type {}; the module "
                           "exports {}",
                           abi_name(abi), entry, expected, functions_of(module))};
}

Status check_fan(const Module& module, const std::string& entry) {
  if (find(module, "memory", "memory") == nullptr) {
    return Error{ErrorCode::kUnsupported, "the fan ABI needs an exported memory called \"memory\""};
  }
  const ExternType* alloc = find(module, "alloc", "function");
  if (alloc == nullptr || alloc->type != "(i32) -> i32") {
    return wrong_entry(module, Abi::kFan, "alloc", "(i32) -> i32");
  }
  const ExternType* fx = find(module, entry, "function");
  if (fx == nullptr || !fan_lengths(fx->type)) {
    return wrong_entry(module, Abi::kFan, entry, "(i32 pointer, i32 length, ...) -> i32");
  }
  return success();
}

}  // namespace

Status check_entry(const Module& module, Abi abi, const std::string& entry) {
  if (abi == Abi::kFan) return check_fan(module, entry);
  const ExternType* function = find(module, entry, "function");
  if (function == nullptr || (function->type != "() -> ()" && function->type != "() -> i32")) {
    return wrong_entry(module, abi, entry, "() -> () or () -> i32");
  }
  return success();
}

Ending call_main(Session& session, const std::string& entry) {
  const auto function = find_function(session, entry);
  CHECK(function.has_value());  // check_entry
  wasmtime_val_raw_t value{};
  if (auto ending = call_function(session, *function, {&value, 1})) return *std::move(ending);
  return Exit{static_cast<uint32_t>(value.i32)};
}

}  // namespace timerose::wasm::abi
