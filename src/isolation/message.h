// What a node and one of its worker processes say to each other, as values and as frames
// (docs/reference/isolation.md).
//
//   frame = length of the rest (4 bytes, little-endian), kind (1), fields in order
//
// Integers are little-endian, bytes have their length (4) before them. Both ends are the same
// program, so the format has no versions. The node takes every byte of a worker for hostile:
// decoding is strict and every length has a limit.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/block.h"
#include "crypto/digest.h"
#include "multiformats/cid.h"
#include "wasm/guest.h"

namespace timerose::isolation {

inline constexpr size_t kFrameHeadBytes = 4;
inline constexpr size_t kFrameBytesMax = kBlockBytesMax + (128U << 10);
inline constexpr size_t kTextBytesMax = 16U << 10;  // for a person: longer ones are cut
inline constexpr size_t kOutcomeBytesMax = 16U << 10;
// Blocks that are put together in one frame, unless one alone is larger.
inline constexpr size_t kPutBytesMax = 1U << 20;

// --- From the node ---

// The first frame: what the worker is to hold itself to.
struct Setup {
  uint64_t memory_bytes_max = 0;  // of the process; 0: no limit
  bool in_namespaces = false;     // whether it was started in some of its own
  bool operator==(const Setup&) const = default;
};
struct Run {
  uint64_t number = 0;  // for the cancel pipe
  Sha256Digest digest{};
  uint64_t fuel = 0;
  uint64_t deadline_ms = 0;
  bool logs = false;  // Wrote is wanted
  Bytes invocation;
  bool operator==(const Run&) const = default;
};
// To WantBlock. Without bytes: an error.
struct GiveBlock {
  std::optional<Bytes> bytes;
  ErrorCode code = ErrorCode::kNotFound;
  std::string message;
  bool operator==(const GiveBlock&) const = default;
};
// To WantCode. The descriptor that comes with the frame has the module's code as compiled before,
// which cannot be changed, or its binary, to be compiled here.
struct GiveCode {
  enum class What : uint8_t { kNothing, kCompiled, kBinary };
  What what = What::kNothing;
  ErrorCode code = ErrorCode::kNotFound;
  std::string message;
  bool operator==(const GiveCode&) const = default;
};
// To WantRoom. Not given: an error.
struct GiveRoom {
  bool given = true;
  ErrorCode code = ErrorCode::kLimitExceeded;
  std::string message;
  bool operator==(const GiveRoom&) const = default;
};
using ToWorker = std::variant<Setup, Run, GiveBlock, GiveCode, GiveRoom>;

// --- From the worker ---

// The first frame, once it has confined itself.
struct Hello {
  uint32_t measures = 0;  // Measures (measures.h)
  std::string engine;     // version and flags
  bool operator==(const Hello&) const = default;
};
struct WantBlock {
  Cid cid;
  bool operator==(const WantBlock&) const = default;
};
struct WantCode {
  Cid module;
  bool operator==(const WantCode&) const = default;
};
// For so many more bytes of what the guest writes (wasm::OutputRoom).
struct WantRoom {
  uint64_t bytes = 0;
  bool operator==(const WantRoom&) const = default;
};
// To GiveCode with a binary: its compiled code has taken its place in the descriptor.
struct Compiled {
  bool operator==(const Compiled&) const = default;
};
struct PutBlocks {
  struct One {
    Cid cid;  // not verified
    Bytes bytes;
    bool operator==(const One&) const = default;
  };
  std::vector<One> blocks;
  bool operator==(const PutBlocks&) const = default;
};
struct Wrote {
  int descriptor = 1;  // or 2
  Bytes bytes;
  bool operator==(const Wrote&) const = default;
};
// The run has ended.
struct Ended {
  struct WithOutcome {
    Bytes outcome;  // the block
    std::string trap_message;
    bool operator==(const WithOutcome&) const = default;
  };
  struct Stopped {
    wasm::StopReason reason = wasm::StopReason::kInternal;
    std::string message;
    bool operator==(const Stopped&) const = default;
  };
  struct Failed {
    ErrorCode code = ErrorCode::kInternal;
    std::string message;
    bool operator==(const Failed&) const = default;
  };
  std::variant<WithOutcome, Stopped, Failed> how;
  uint64_t fuel_used = 0;
  uint64_t memory_bytes_peak = 0;
  bool operator==(const Ended&) const = default;
};
using FromWorker =
    std::variant<Hello, WantBlock, WantCode, WantRoom, Compiled, PutBlocks, Wrote, Ended>;

// A whole frame. Texts over kTextBytesMax are cut; what else is over a limit is the caller's
// mistake.
Bytes encode(const ToWorker& message);
Bytes encode(const FromWorker& message);

// What follows a frame's head. kMalformed says what is wrong with it.
Result<ToWorker> decode_to_worker(ByteView rest);
Result<FromWorker> decode_from_worker(ByteView rest);

// Of a frame's first kFrameHeadBytes: kLimitExceeded or kMalformed for none that may be.
Result<size_t> rest_length(ByteView head);

}  // namespace timerose::isolation
