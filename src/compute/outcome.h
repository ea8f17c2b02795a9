// What a deterministic execution gives, and nothing else: the same on every honest node, so that
// two nodes are compared by one CID.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/blockstore.h"
#include "multiformats/cid.h"
#include "unixfs/layout.h"
#include "wasm/call.h"

namespace timerose::compute {

// What a guest wrote to its standard output or error: in the Outcome itself up to this length, else
// as a UnixFS file.
inline constexpr size_t kInlineBytesMax = 1024;

struct Written {
  Bytes bytes;  // empty if there is a file
  std::optional<Cid> file;
  bool operator==(const Written&) const = default;
};

// Schema: outcome.ipldsch. There is an output after every exit, whatever its code, and none after a
// trap; what was written before a trap is kept.
struct Outcome {
  std::variant<uint32_t, wasm::TrapKind> ending;  // an exit code, or how it trapped
  std::optional<Cid> output;
  Written stdout_written;
  Written stderr_written;

  [[nodiscard]] bool trapped() const { return ending.index() == 1; }
  // Only unless trapped().
  [[nodiscard]] uint32_t exit_code() const { return std::get<0>(ending); }
  [[nodiscard]] bool succeeded() const { return !trapped() && exit_code() == 0; }

  // Inverses. decode is strict: any other bytes for the same value are kMalformed.
  [[nodiscard]] Result<Bytes> encode() const;
  static Result<Outcome> decode(ByteView bytes);

  bool operator==(const Outcome&) const = default;
};

// The bytes of one of its streams, from the Outcome or from the store.
Result<Bytes> read_written(Blockstore& store, const Written& written, uint64_t bytes_max);

// How a function of this ABI has its output and long streams written; part of the ABI, so that the
// output's CID is the same everywhere: fan-2021 for fan, else unixfs-v1-2025.
unixfs::Layout output_layout(wasm::Abi abi);

}  // namespace timerose::compute
