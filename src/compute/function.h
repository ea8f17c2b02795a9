// What runs, as a value: the Function object, the Function file of IPFS-FAN, and the Invocation
// that either of them (or a bare WebAssembly module) makes with what a caller adds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/blockstore.h"
#include "compute/invocation.h"
#include "multiformats/cid.h"
#include "unixfs/importer.h"
#include "wasm/module.h"

namespace timerose::compute {

// A module larger than this is not read.
inline constexpr uint64_t kModuleBytesMax = 512ULL << 20;

// Schema: function.ipldsch. A module and what is fixed for every call of it.
struct Function {
  explicit Function(Cid module_cid) : module(std::move(module_cid)) {}

  Cid module;
  std::optional<wasm::Abi> abi;              // absent: what the module's imports show
  std::string entry;                         // empty: the ABI's default
  std::vector<std::string> args;             // before the call's
  std::map<std::string, std::string> env;    // the call's win
  std::map<std::string, Cid> mounts;         // the call's win
  std::map<std::string, Cid> links;          // the call's win
  std::optional<uint64_t> fuel;              // default budget of a call
  std::optional<uint64_t> memory_bytes_max;  // default limit of a call

  // Inverses on canonical values, as for Invocation.
  [[nodiscard]] Result<Bytes> encode() const;
  static Result<Function> decode(ByteView bytes);
  [[nodiscard]] Result<Function> canonical() const;

  bool operator==(const Function&) const = default;
};

// The Function of the IPFS-FAN proof of concept: JSON without white space,
//   {"Fxs":["fx"],"Bytecode":{"/":"bafy..."},"Args":[{"Name":"string","Codec":null}]}
// stored as a UnixFS file of the profile fan-2021.
struct FanFunction {
  struct Arg {
    std::string name;                  // a type, for people
    std::optional<std::string> codec;  // null in everything published
    bool operator==(const Arg&) const = default;
  };
  explicit FanFunction(Cid module_cid) : bytecode(std::move(module_cid)) {}

  std::vector<std::string> fxs;  // exported functions that may be called; at least one
  Cid bytecode;
  std::vector<Arg> args;

  static constexpr size_t kTextBytesMax = 64U << 10;

  // parse(format(f)) == f. parse also takes white space and other orders of the keys;
  // format(parse(t)) is t for what the proof of concept wrote.
  [[nodiscard]] Result<std::string> format() const;
  static Result<FanFunction> parse(ByteView text);

  bool operator==(const FanFunction&) const = default;
};

// Writes the object and gives its CID: a dag-cbor block, or a UnixFS file of fan-2021.
Result<Cid> store_function(const Function& function, Blockstore& store);
Result<Cid> store_function(const FanFunction& function, const unixfs::BlockSink& sink);

// A function as a CID names it, whichever of the three it is.
struct LoadedFunction {
  enum class Kind { kModule, kFunction, kFan };
  Kind kind = Kind::kModule;
  Function function;             // of a bare module or a fan Function: as much as it says
  std::vector<std::string> fxs;  // of a fan Function
};

// kMalformed says what was found instead of a function (ELF, text, a directory, ...).
Result<LoadedFunction> load_function(Blockstore& store, const Cid& cid);

// The bytes of a module: a raw block or a UnixFS file. kNotFound if a block is missing.
Result<Bytes> read_module(Blockstore& store, const Cid& module);

// What one call adds.
struct CallOptions {
  std::vector<std::string> args;
  std::map<std::string, std::string> env;
  std::vector<Cid> inputs;
  std::map<std::string, Cid> mounts;
  std::map<std::string, Cid> links;
  std::optional<Cid> stdin_file;
  std::string entry;  // empty: the function's own, else the ABI's default
  std::string fx;     // of a fan Function: one of its Fxs; empty: the only one
  Bytes seed;
  std::optional<uint64_t> memory_bytes_max;  // else the function's, else the default
};

// The ABI of a function: what it says, else what its module shows (the module is read and compiled,
// or found in `modules`).
Result<wasm::Abi> abi_of(const Function& function, Blockstore& store, wasm::ModuleCache& modules);

// The canonical Invocation of a function with what the call adds. kInvalidArgument names the option
// that makes no sense, and for a function with several Fxs lists them.
Result<Invocation> make_invocation(const LoadedFunction& loaded, wasm::Abi abi,
                                   const CallOptions& options);

}  // namespace timerose::compute
