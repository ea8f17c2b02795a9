// The host's functions as the engine binds them: looked up by import name, called from the guest
// through one thunk. For this folder's .cc files only.
#pragma once

#include <optional>
#include <string>

#include "wasm/native.h"

namespace timerose::wasm {

// Which context of the Session a host function acts on.
enum class HostModule { kWasi, kTimerose };

struct HostImport {
  HostModule module;
  const char* module_name;
  const char* name;
  const char* parameters;
  char result;
  wasmtime_func_unchecked_callback_t thunk;
  const void* environment;  // the HostFunction<Context>, static

  [[nodiscard]] std::string type_text() const;
  [[nodiscard]] ErrorPointer define_in(wasmtime_linker_t& linker) const;
};

// nullopt if the host has no function of that name.
std::optional<HostImport> find_host_function(std::string_view module, std::string_view name);
// Whether it is a name whose functions are the host's.
bool is_host_module(std::string_view module);

}  // namespace timerose::wasm
