#include "wasm/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "wasm/abi/read_failure.h"

namespace timerose::wasm {

namespace {

Stopped out_of_stack() {
  return {
      StopReason::kStack,
      "the guest's calls went deeper than this engine's stack; a function that recurses without "
      "end does this"};
}

Ending ending_of_trap_code(const Session& session, int32_t code, std::string message) {
  switch (code) {
    case WASMTIME_TRAP_CODE_OUT_OF_FUEL:
      return out_of_fuel(session);
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW:
      return out_of_stack();
    case WASMTIME_TRAP_CODE_INTERRUPT:
      return Stopped{StopReason::kDeadline, "interrupted"};
    case WASMTIME_TRAP_CODE_ALLOCATION_TOO_LARGE:
      return Stopped{StopReason::kLimit, "a garbage-collected object is too large for this engine"};
    default:
      return Trap{trap_kind_of_code(code), std::move(message)};
  }
}

// A module that starts with more than it may have does so on every node: a trap.
Trap starts_too_large(const Session& session, const std::string& message) {
  if (session.limits.denied == TIMEROSE_WASM_DENIED_TABLE) {
    return {TrapKind::kHost,
            fmt::format("the module needs {} table elements to start, but the call allows {}: {}",
                        session.limits.denied_amount, session.call.table_elements_max, message)};
  }
  return {
      TrapKind::kHost,
      fmt::format("the module needs {} bytes of memory to start, but the call allows {}; ask with "
                  "a larger memory limit: {}",
                  session.limits.denied_amount, session.call.memory_bytes_max, message)};
}

Ending ending_of_other(const Session& session, const std::string& message) {
  if (session.limits.denied == TIMEROSE_WASM_DENIED_BY_MACHINE) {
    return Stopped{
        StopReason::kLimit,
        fmt::format("this machine cannot give the guest the memory it may have: {}", message)};
  }
  if (session.limits.denied != 0 && message.find("minimum size") != std::string::npos) {
    return starts_too_large(session, message);
  }
  if (message.find("incompatible import type") != std::string::npos) {
    return Trap{TrapKind::kHost, message};  // of a linked module
  }
  if (message.find("resource limit exceeded") != std::string::npos) {
    return Stopped{
        StopReason::kLimit,
        fmt::format("the modules of one call have too many parts together: {}", message)};
  }
  if (message.find("GC heap") != std::string::npos) {
    return Stopped{StopReason::kLimit,
                   fmt::format("the garbage-collected heap of {} bytes at most is full: {}",
                               session.call.memory_bytes_max, message)};
  }
  return Stopped{StopReason::kInternal, message};
}

}  // namespace

Stopped out_of_fuel(const Session& session) {
  return {StopReason::kFuel,
          fmt::format("the fuel budget of {} is used up; ask again with more", session.call.fuel)};
}

Ending ending_of(Session& session, wasmtime_error_t* error, wasm_trap_t* trap) {
  const ErrorPointer owned_error(error);
  const TrapPointer owned_trap(trap);
  if (session.ending) return std::move(*session.ending);
  const int32_t kind = timerose_wasm_failure_kind(
      error != nullptr ? static_cast<const void*>(error) : static_cast<const void*>(trap));
  std::string message = error != nullptr ? message_of(*error) : message_of(*trap);
  if (kind >= 0) return ending_of_trap_code(session, kind, std::move(message));
  if (kind == TIMEROSE_WASM_FAILURE_EXCEPTION) {
    return Trap{TrapKind::kUncaughtException, std::move(message)};
  }
  if (kind == TIMEROSE_WASM_FAILURE_POOL_FULL) {
    return Stopped{
        StopReason::kLimit,
        fmt::format("this node runs as many guests at once as it has room for; ask again "
                    "later: {}",
                    message)};
  }
  return ending_of_other(session, message);
}

Ending ending_of_read(const Error& error) {
  HostResult result = abi::read_failure(error);
  if (auto* trap = std::get_if<HostTrap>(&result)) {
    return Trap{TrapKind::kHost, std::move(trap->message)};
  }
  return std::get<Stopped>(std::move(result));
}

GuestMemory memory_of(Session& session) {
  if (!session.memory) {
    wasmtime_extern_t item;
    constexpr std::string_view kName = "memory";
    if (!wasmtime_instance_export_get(session.context, &session.instance, kName.data(),
                                      kName.size(), &item) ||
        item.kind != WASMTIME_EXTERN_MEMORY) {
      return GuestMemory({});
    }
    session.memory = item.of.memory;
  }
  return GuestMemory({wasmtime_memory_data(session.context, &*session.memory),
                      wasmtime_memory_data_size(session.context, &*session.memory)});
}

std::optional<wasmtime_func_t> find_function(Session& session, std::string_view name) {
  wasmtime_extern_t item;
  if (!wasmtime_instance_export_get(session.context, &session.instance, name.data(), name.size(),
                                    &item) ||
      item.kind != WASMTIME_EXTERN_FUNC) {
    return std::nullopt;
  }
  return item.of.func;
}

std::optional<Ending> call_function(Session& session, const wasmtime_func_t& function,
                                    std::span<wasmtime_val_raw_t> values) {
  wasm_trap_t* trap = nullptr;
  wasmtime_error_t* error =
      wasmtime_func_call_unchecked(session.context, &function, values.data(), values.size(), &trap);
  if (error == nullptr && trap == nullptr) return std::nullopt;
  return ending_of(session, error, trap);
}

std::optional<Ending> initialize(Session& session, const Module& module) {
  constexpr std::string_view kName = "_initialize";
  const bool has =
      std::any_of(module.exports().begin(), module.exports().end(), [&](const ExternType& one) {
        return one.kind == "function" && one.name == kName && one.type == "() -> ()";
      });
  if (!has) return std::nullopt;
  return call_function(session, *find_function(session, kName), {});
}

}  // namespace timerose::wasm
