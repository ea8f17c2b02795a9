// Compiled modules, and the cache that compiles each once.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "multiformats/cid.h"
#include "wasm/engine.h"

namespace timerose::wasm {

enum class Abi { kWasi, kFan, kTimerose };
const char* abi_name(Abi abi);  // "wasi", "fan", "timerose"
Result<Abi> abi_named(std::string_view name);
// The export that is called unless another is named: "_start", "timerose_main"; fan has none ("").
const char* default_entry(Abi abi);

// One import or export, for people and for finding the ABI.
struct ExternType {
  std::string module;  // empty for an export
  std::string name;
  std::string kind;  // "function", "memory", "table", "global", "tag"
  std::string type;  // "(i32, i32) -> i32", "1..16 pages", ...
};

// A module ready to be instantiated. Immutable, shared between threads.
class Module {
 public:
  [[nodiscard]] const Cid& cid() const;
  [[nodiscard]] const std::vector<ExternType>& imports() const;
  [[nodiscard]] const std::vector<ExternType>& exports() const;
  // The ABI that imports and exports show; kUnsupported says what none of the three recognises.
  [[nodiscard]] Result<Abi> detect_abi() const;
  ~Module();

  struct Native;
  [[nodiscard]] const Native& native() const { return *native_; }
  explicit Module(std::unique_ptr<Native> native);

 private:
  std::unique_ptr<Native> native_;
};

// Compiled code by module CID: in memory, then in `folder` (validated before use: a damaged or
// foreign file is compiled afresh and replaced), then by compiling. Many askers at once for the
// same module share one compilation. Thread-safe.
class ModuleCache {
 public:
  // No folder: nothing is kept on disk.
  ModuleCache(Engine& engine, std::optional<std::filesystem::path> folder);
  // Takes what `load` gives for compiled code, without a doubt, and never compiles: for a process
  // that gets it from another one, or from compile(), by an engine with the same options.
  using LoadCode = std::function<Result<SharedBytes>(const Cid& module)>;
  ModuleCache(Engine& engine, LoadCode load);
  ~ModuleCache();

  using ReadModule = std::function<Result<Bytes>()>;
  // `read` gives the WebAssembly binary when it is needed. kMalformed for what is not WebAssembly
  // (says what was found: ELF, text, empty, ...), kUnsupported for a proposal that is off.
  Result<std::shared_ptr<const Module>> get(const Cid& module, const ReadModule& read);
  // The modules in memory, the latest used first.
  [[nodiscard]] std::vector<Cid> latest(size_t max) const;
  // Whether get() would neither compile nor read a file.
  [[nodiscard]] bool has(const Cid& module) const;
  // The compiled code, as another process's LoadCode gives it, if it is in memory or in the folder;
  // else kNotFound: nothing is compiled.
  [[nodiscard]] Result<Bytes> code(const Cid& module) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The compiled code of a WebAssembly binary, as a LoadCode gives it. Errors as ModuleCache::get().
Result<Bytes> compile(const Engine& engine, ByteView binary);

}  // namespace timerose::wasm
