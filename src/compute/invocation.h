// The objects of one call (design: docs/reference/objects.md): what is asked, as a value with one
// encoding, whose CID is the name of the answer.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/blockstore.h"
#include "multiformats/cid.h"
#include "wasm/module.h"

namespace timerose::compute {

// Schema: invocation.ipldsch. All that the guest can observe, and nothing else: what a Function
// object fixes (args, env, mounts) is merged in, so that two ways to ask for the same call have one
// name. Text fields are bytes: a guest's args, env and paths need not be UTF-8.
struct Invocation {
  explicit Invocation(Cid module_cid) : module(std::move(module_cid)) {}

  Cid module;
  wasm::Abi abi = wasm::Abi::kWasi;
  std::string entry;              // "_start", or the exported function's name
  std::vector<std::string> args;  // without the program's name
  std::map<std::string, std::string> env;
  std::vector<Cid> inputs;
  std::map<std::string, Cid> mounts;  // absolute normal path -> UnixFS CID
  std::map<std::string, Cid> links;   // import module name -> module CID
  std::optional<Cid> stdin_file;      // absent: the first input, if any
  Bytes seed;                         // at most kSeedBytesMax
  uint64_t memory_bytes_max = kMemoryBytesDefault;

  // Written into every Invocation: the rules that decide what a guest observes (clocks, randomness,
  // layouts, limits). A change of them is a new number, so that old answers keep their names.
  static constexpr uint64_t kRulesVersion = 1;
  static constexpr size_t kSeedBytesMax = 64;
  static constexpr uint64_t kMemoryBytesDefault = 256ULL << 20;

  // Inverses on canonical values. encode refuses any other (kInvalidArgument: see canonical());
  // decode is strict: any other bytes for the same value are kMalformed.
  [[nodiscard]] Result<Bytes> encode() const;
  static Result<Invocation> decode(ByteView bytes);
  // encode() into a buffer that is used again; `out` is replaced.
  Status encode_into(Bytes& out) const;

  // The one form of the call: CIDs of version 1, mount paths without "." or doubled slashes, a
  // standard input that is the first input left out, the memory limit in whole pages.
  // kInvalidArgument says what can be no call: a relative path or one with "..", a NUL byte in an
  // argument, '=' in a variable's name, an empty entry, a long seed, no memory.
  [[nodiscard]] Result<Invocation> canonical() const;
  // Whether this is that form; the error says what is not.
  [[nodiscard]] Status check() const;

  bool operator==(const Invocation&) const = default;
};

// Reads the block of an Invocation. kInvalidArgument if the CID names something else.
Result<Invocation> load_invocation(Blockstore& store, const Cid& cid);

}  // namespace timerose::compute
