#include "wasm/host_function.h"

#include <fmt/format.h>

#include <array>
#include <exception>

#include "wasm/session.h"
#include "wasm/wasi/functions.h"

namespace timerose::wasm {

namespace {

constexpr size_t kParametersMax = 16;
constexpr std::string_view kWasiModule = "wasi_snapshot_preview1";
constexpr std::string_view kTimeroseModule = "timerose";

template <typename Context>
Context& context_of(Session& session);
template <>
wasi::Context& context_of(Session& session) {
  return *session.wasi;
}
template <>
abi::TimeroseContext& context_of(Session& session) {
  return *session.timerose;
}

// The memory that the caller's pointers are for; empty if it exports none.
GuestMemory memory_of_caller(Session& session, wasmtime_caller_t* caller) {
  wasmtime_context_t* context = wasmtime_caller_context(caller);
  if (!session.memory || session.has_links) {
    wasmtime_extern_t item;
    constexpr std::string_view kName = "memory";
    if (!wasmtime_caller_export_get(caller, kName.data(), kName.size(), &item) ||
        item.kind != WASMTIME_EXTERN_MEMORY) {
      return GuestMemory({});
    }
    if (session.has_links) {
      return GuestMemory({wasmtime_memory_data(context, &item.of.memory),
                          wasmtime_memory_data_size(context, &item.of.memory)});
    }
    session.memory = item.of.memory;
  }
  return GuestMemory({wasmtime_memory_data(context, &*session.memory),
                      wasmtime_memory_data_size(context, &*session.memory)});
}

uint64_t parameter_word(char letter, const wasmtime_val_raw_t& value) {
  if (letter == 'I' || letter == 'F') return static_cast<uint64_t>(value.i64);
  return static_cast<uint32_t>(value.i32);
}

wasm_trap_t* end_call(Session& session, HostResult result) {
  if (auto* trap = std::get_if<HostTrap>(&result)) {
    session.ending = Trap{TrapKind::kHost, std::move(trap->message)};
  } else if (auto* exit = std::get_if<Exit>(&result)) {
    session.ending = *exit;
  } else {
    session.ending = std::get<Stopped>(std::move(result));
  }
  constexpr std::string_view kMessage = "ended by the host";
  return wasmtime_trap_new(kMessage.data(), kMessage.size());
}

// No exception may unwind through the guest's frames.
template <typename Context>
HostResult call_host(const HostFunction<Context>& function, Session& session, GuestMemory memory,
                     const uint64_t* parameters) noexcept {
  try {
    return function.call(context_of<Context>(session), memory, parameters);
  } catch (const std::exception& error) {
    return Stopped{StopReason::kInternal,
                   fmt::format("{}.{}: {}", function.module, function.name, error.what())};
  }
}

template <typename Context>
wasm_trap_t* thunk(void* environment, wasmtime_caller_t* caller, wasmtime_val_raw_t* values,
                   size_t /*count*/) {
  const auto& function = *static_cast<const HostFunction<Context>*>(environment);
  auto& session =
      *static_cast<Session*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
  std::array<uint64_t, kParametersMax> parameters;
  for (size_t i = 0; function.parameters[i] != '\0'; ++i) {
    parameters[i] = parameter_word(function.parameters[i], values[i]);
  }
  HostResult result =
      call_host(function, session, memory_of_caller(session, caller), parameters.data());
  if (const auto* value = std::get_if<uint64_t>(&result)) [[likely]] {
    if (function.result != '\0') values[0].i64 = static_cast<int64_t>(*value);
    return nullptr;
  }
  return end_call(session, std::move(result));
}

template <typename Context>
std::optional<HostImport> find_in(std::span<const HostFunction<Context>> functions,
                                  HostModule module, std::string_view name) {
  for (const HostFunction<Context>& one : functions) {
    if (name != one.name) continue;
    CHECK(std::string_view(one.parameters).size() <= kParametersMax);
    return HostImport{module,     one.module,     one.name, one.parameters,
                      one.result, thunk<Context>, &one};
  }
  return std::nullopt;
}

const char* type_name(char letter) {
  switch (letter) {
    case 'i':
      return "i32";
    case 'I':
      return "i64";
    case 'f':
      return "f32";
    case 'F':
      return "f64";
    default:
      return "()";
  }
}

wasm_valtype_t* value_type(char letter) {
  switch (letter) {
    case 'I':
      return wasm_valtype_new(WASM_I64);
    case 'f':
      return wasm_valtype_new(WASM_F32);
    case 'F':
      return wasm_valtype_new(WASM_F64);
    default:
      return wasm_valtype_new(WASM_I32);
  }
}

}  // namespace

std::optional<HostImport> find_host_function(std::string_view module, std::string_view name) {
  if (module == kWasiModule) return find_in(wasi::functions(), HostModule::kWasi, name);
  if (module == kTimeroseModule) {
    return find_in(abi::timerose_functions(), HostModule::kTimerose, name);
  }
  return std::nullopt;
}

bool is_host_module(std::string_view module) {
  return module == kWasiModule || module == kTimeroseModule;
}

std::string HostImport::type_text() const {
  std::string text = "(";
  for (const char* letter = parameters; *letter != '\0'; ++letter) {
    if (letter != parameters) text += ", ";
    text += type_name(*letter);
  }
  return text + ") -> " + type_name(result);
}

ErrorPointer HostImport::define_in(wasmtime_linker_t& linker) const {
  std::array<wasm_valtype_t*, kParametersMax> types{};
  const size_t count = std::string_view(parameters).size();
  for (size_t i = 0; i < count; ++i) types[i] = value_type(parameters[i]);
  wasm_valtype_vec_t parameter_types;
  wasm_valtype_vec_new(&parameter_types, count, types.data());
  wasm_valtype_t* result_type = result == '\0' ? nullptr : value_type(result);
  wasm_valtype_vec_t result_types;
  wasm_valtype_vec_new(&result_types, result == '\0' ? 0 : 1, &result_type);
  const FunctypePointer type(wasm_functype_new(&parameter_types, &result_types));
  return ErrorPointer(wasmtime_linker_define_func_unchecked(
      &linker, module_name, std::string_view(module_name).size(), name,
      std::string_view(name).size(), type.get(), thunk, const_cast<void*>(environment), nullptr));
}

}  // namespace timerose::wasm
