// Wasmtime, set up once: compilation flags, the pooling allocator, the epoch thread. Everything of
// Wasmtime's C API stays inside this folder's .cc files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace timerose::wasm {

struct EngineOptions {
  uint32_t instances_max = 64;             // calls at once (pool slots)
  uint64_t memory_bytes_max = 4ULL << 30;  // the largest linear memory any guest may ask for
  uint64_t memory_keep_resident_bytes = 1U << 20;
  uint64_t stack_bytes = 1U << 20;
  unsigned compile_threads = 0;  // 1: the asking thread alone; else as many as cores
};

// Thread-safe. One a process.
class Engine {
 public:
  static Result<std::unique_ptr<Engine>> create(const EngineOptions& options);
  ~Engine();

  // "wasmtime 48.0.8": goes into receipts, and into the key of precompiled modules.
  [[nodiscard]] const std::string& version() const;
  // The settings that change compiled code, as one line of text.
  [[nodiscard]] const std::string& flags() const;

  struct Native;  // the C handles, for this folder only
  [[nodiscard]] Native& native() const { return *native_; }

 private:
  explicit Engine(std::unique_ptr<Native> native);
  std::unique_ptr<Native> native_;
};

}  // namespace timerose::wasm
