// One call while it runs: what host functions reach from the store, and the ways back into the
// guest. For this folder's .cc files only.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "wasm/abi/timerose.h"
#include "wasm/call.h"
#include "wasm/guest.h"
#include "wasm/native.h"
#include "wasm/wasi/context.h"

namespace timerose::wasm {

struct Session {
  Session(const Call& the_call, Blockstore& the_blocks, const unixfs::BlockSink& the_sink,
          const timerose_wasm_limits& the_limits)
      : call(the_call), blocks(the_blocks), sink(the_sink), limits(the_limits) {}

  const Call& call;
  Blockstore& blocks;
  const unixfs::BlockSink& sink;
  timerose_wasm_limits limits;

  wasmtime_context_t* context = nullptr;
  wasmtime_instance_t instance{};

  // Present if the module, or one linked to it, imports from that host module.
  std::optional<wasi::Context> wasi;
  std::optional<abi::TimeroseContext> timerose;

  // With one instance every host call is for the same memory; with linked modules it is the
  // caller's own.
  bool has_links = false;
  std::optional<wasmtime_memory_t> memory;

  // How a host function, or the deadline, ended the call: what the engine then reports is only
  // that it was ended.
  std::optional<Ending> ending;
};

// The exported memory called "memory"; empty if there is none.
GuestMemory memory_of(Session& session);

// An export of the main instance; nullopt if it has no such function.
std::optional<wasmtime_func_t> find_function(Session& session, std::string_view name);

// Calls a function whose type is known to be right. `values` holds the arguments, then the result.
// The ending, if the guest did not come back from it.
std::optional<Ending> call_function(Session& session, const wasmtime_func_t& function,
                                    std::span<wasmtime_val_raw_t> values);

// Runs the `_initialize` of a module that is a library ("reactor"), if it has one; `module` is that
// of the session's instance.
std::optional<Ending> initialize(Session& session, const Module& module);

// How a call ended that the engine reports as failed. Takes both; one is null.
Ending ending_of(Session& session, wasmtime_error_t* error, wasm_trap_t* trap);

Stopped out_of_fuel(const Session& session);

// How a fault in content that the call reads ends it (abi/read_failure.h).
Ending ending_of_read(const Error& error);

}  // namespace timerose::wasm
