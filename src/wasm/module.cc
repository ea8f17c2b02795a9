#include "wasm/module.h"

#include <fmt/format.h>

#include <algorithm>

#include "wasm/native.h"

namespace timerose::wasm {

namespace {

std::string_view text_view(timerose_text text) { return {text.data, text.size}; }

const ExternType* find_function(const std::vector<ExternType>& externs, std::string_view name) {
  const auto found = std::find_if(externs.begin(), externs.end(), [&](const ExternType& one) {
    return one.kind == "function" && one.name == name;
  });
  return found == externs.end() ? nullptr : &*found;
}

bool imports_from(const Module& module, std::string_view name) {
  return std::any_of(module.imports().begin(), module.imports().end(),
                     [&](const ExternType& one) { return one.module == name; });
}

bool exports_memory(const Module& module) {
  return std::any_of(module.exports().begin(), module.exports().end(), [](const ExternType& one) {
    return one.kind == "memory" && one.name == "memory";
  });
}

// Whether the type is that of an fx: a pointer and lengths in, a length out.
bool is_fx_type(std::string_view type) {
  constexpr std::string_view kResult = ") -> i32";
  if (!type.starts_with("(i32") || !type.ends_with(kResult)) return false;
  const std::string_view parameters = type.substr(1, type.size() - 1 - kResult.size());
  return parameters.find_first_not_of("i32, ") == std::string_view::npos &&
         parameters.find("i3") != std::string_view::npos;
}

bool has_fan_shape(const Module& module) {
  const ExternType* alloc = find_function(module.exports(), "alloc");
  if (alloc == nullptr || alloc->type != "(i32) -> i32" || !exports_memory(module)) return false;
  return std::any_of(module.exports().begin(), module.exports().end(), [](const ExternType& one) {
    return one.kind == "function" && one.name != "alloc" && is_fx_type(one.type);
  });
}

std::string list_of(const std::vector<ExternType>& externs) {
  constexpr size_t kListedMax = 12;
  if (externs.empty()) return "nothing";
  std::string text;
  for (size_t i = 0; i < externs.size() && i < kListedMax; ++i) {
    const ExternType& one = externs[i];
    text += fmt::format("{}{} {}{}{}", i == 0 ? "" : ", ", one.kind, one.module,
                        one.module.empty() ? "" : ".", one.name);
  }
  if (externs.size() > kListedMax) {
    text += fmt::format(" and {} more", externs.size() - kListedMax);
  }
  return text;
}

}  // namespace

const char* abi_name(Abi abi) {
  switch (abi) {
    case Abi::kWasi:
      return "wasi";
    case Abi::kFan:
      return "fan";
    case Abi::kTimerose:
      return "timerose";
  }
  return "wasi";
}

Result<Abi> abi_named(std::string_view name) {
  for (const Abi abi : {Abi::kWasi, Abi::kFan, Abi::kTimerose}) {
    if (name == abi_name(abi)) return abi;
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("no ABI is called \"{}\"; there are wasi, fan and timerose", name)};
}

const char* default_entry(Abi abi) {
  switch (abi) {
    case Abi::kWasi:
      return "_start";
    case Abi::kFan:
      return "";
    case Abi::kTimerose:
      return "timerose_main";
  }
  return "";
}

Module::Module(std::unique_ptr<Native> native) : native_(std::move(native)) {}
Module::~Module() = default;
const Cid& Module::cid() const { return native_->cid; }
const std::vector<ExternType>& Module::imports() const { return native_->imports; }
const std::vector<ExternType>& Module::exports() const { return native_->exports; }

Result<Abi> Module::detect_abi() const {
  if (imports_from(*this, "timerose") || find_function(exports(), "timerose_main") != nullptr) {
    return Abi::kTimerose;
  }
  if (find_function(exports(), "_start") != nullptr) return Abi::kWasi;
  if (has_fan_shape(*this)) return Abi::kFan;
  if (imports_from(*this, "wasi_snapshot_preview1")) return Abi::kWasi;
  return Error{
      ErrorCode::kUnsupported,
      fmt::format(
          "the module follows no ABI that can be called: expected an export `_start` (wasi), "
          "imports from `timerose` (timerose), or exports `memory`, `alloc` (i32) -> i32 and "
          "a function (i32, i32, ...) -> i32 (fan); it exports {}; it imports {}",
          list_of(exports()), list_of(imports()))};
}

std::shared_ptr<const Module> make_module(const Cid& cid, ModulePointer compiled) {
  auto native = std::make_unique<Module::Native>(cid);
  native->module = std::move(compiled);
  timerose_wasm_module_describe(
      native->module.get(), native.get(),
      [](void* context, bool is_import, timerose_text module, timerose_text name,
         timerose_text kind, timerose_text type) {
        auto& to = *static_cast<Module::Native*>(context);
        (is_import ? to.imports : to.exports)
            .push_back({std::string(text_view(module)), std::string(text_view(name)),
                        std::string(text_view(kind)), std::string(text_view(type))});
      });
  return std::make_shared<const Module>(std::move(native));
}

}  // namespace timerose::wasm
