// Wasmtime's C handles as owned C++ values. For this folder's .cc files only.
#pragma once

#include <timerose_bridge.h>
#include <wasm.h>
#include <wasmtime.h>

#include <memory>
#include <string>
#include <vector>

#include "multiformats/cid.h"
#include "wasm/deadline.h"
#include "wasm/engine.h"
#include "wasm/module.h"

namespace timerose::wasm {

// unique_ptr with the C API's own delete function.
template <auto kDelete>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    kDelete(pointer);
  }
};
using EnginePointer = std::unique_ptr<wasm_engine_t, Deleter<wasm_engine_delete>>;
using StorePointer = std::unique_ptr<wasmtime_store_t, Deleter<wasmtime_store_delete>>;
using LinkerPointer = std::unique_ptr<wasmtime_linker_t, Deleter<wasmtime_linker_delete>>;
using ModulePointer = std::unique_ptr<wasmtime_module_t, Deleter<wasmtime_module_delete>>;
using InstancePrePointer =
    std::unique_ptr<wasmtime_instance_pre_t, Deleter<wasmtime_instance_pre_delete>>;
using ErrorPointer = std::unique_ptr<wasmtime_error_t, Deleter<wasmtime_error_delete>>;
using TrapPointer = std::unique_ptr<wasm_trap_t, Deleter<wasm_trap_delete>>;
using FunctypePointer = std::unique_ptr<wasm_functype_t, Deleter<wasm_functype_delete>>;

struct Engine::Native {
  EnginePointer engine;
  EngineOptions options;
  std::string version;
  std::string flags;
  std::unique_ptr<Deadlines> deadlines;  // ticks `engine`, so it goes first
};

struct Module::Native {
  explicit Native(Cid name) : cid(std::move(name)) {}
  Cid cid;
  ModulePointer module;
  std::vector<ExternType> imports;
  std::vector<ExternType> exports;
};

// Limits of one store that are the same for every call: what links may add up to.
inline constexpr uint32_t kInstancesPerCallMax = 16;
inline constexpr uint32_t kMemoriesPerCallMax = 16;
inline constexpr uint32_t kTablesPerCallMax = 32;
// Limits of one module, checked when it is compiled.
inline constexpr uint32_t kMemoriesPerModuleMax = 8;
inline constexpr uint32_t kTablesPerModuleMax = 16;
inline constexpr size_t kTableElementsMax = 1U << 20;

// The text of an error or a trap, as Wasmtime writes it for people.
std::string message_of(const wasmtime_error_t& error);
std::string message_of(const wasm_trap_t& trap);

enum class TrapKind;
// The kind of trap that one of Wasmtime's codes (wasmtime/trap.h) stands for.
TrapKind trap_kind_of_code(int32_t code);

// Makes a Module of compiled code: reads its imports and exports.
std::shared_ptr<const Module> make_module(const Cid& cid, ModulePointer compiled);

}  // namespace timerose::wasm
