// Compiled code on disk. Loading native code that is damaged would run it, so a file is used only
// if its checksum, its length and everything that it was compiled for are right.
//
//   file    = code footer
//   code    = what Wasmtime serialised (an ELF image, mapped as it is)
//   footer  = magic (8 bytes) code_length (8, little-endian) blake3(purpose) (32)
//             blake3(code, then the 48 bytes before) (32)
//   purpose = engine version "\n" engine flags "\n" CID of the module
//
// The footer stands at the end because Wasmtime maps the code from the start of the file.
#pragma once

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "wasm/native.h"

namespace timerose::wasm {

// What compiled code is good for.
struct Purpose {
  const Engine& engine;
  const Cid& module;
  [[nodiscard]] Blake3Digest digest() const;
  // "<CID>-<16 hexadecimal digits of the engine's version and flags>.native"
  [[nodiscard]] std::string file_name() const;
};

// Maps the code of `path`. kNotFound if there is no such file; kMalformed or kMismatch if it is
// damaged or for another purpose: then it is to be made afresh.
Result<ModulePointer> load_compiled(const std::filesystem::path& path, const Purpose& purpose);

// The same from memory and to memory, without footer: between processes that trust each other.
// kMismatch if the code is for another engine.
Result<ModulePointer> load_code(const Engine& engine, ByteView code);
Result<Bytes> code_of(const wasmtime_module_t& module);

// Writes the code of `module` so that a reader sees all of it or nothing.
Status save_compiled(const std::filesystem::path& path, const Purpose& purpose,
                     const wasmtime_module_t& module);

}  // namespace timerose::wasm
