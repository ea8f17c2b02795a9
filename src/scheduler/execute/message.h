// What a requester and an executor say to each other over `/timerose/execute/1`
// (docs/reference/execute.md): messages as values, and the frames that carry them.
//
// A frame is one DAG-CBOR list of messages, each a map with one entry: the message's name and its
// fields. Decoding is strict: another encoding of the same messages is kMalformed, and what is over
// a limit is kLimitExceeded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "multiformats/cid.h"

namespace timerose::scheduler::execute {

inline constexpr std::string_view kProtocol = "/timerose/execute/1";

inline constexpr size_t kFrameBytesMax = 1U << 20;
inline constexpr size_t kMessagesOfFrameMax = 1024;
inline constexpr size_t kInvocationBytesMax = 256U << 10;
inline constexpr size_t kAnswerBlockBytesMax = 16U << 10;  // of an Outcome, and of a Receipt
// Blocks that travel with an offer or a result.
inline constexpr size_t kBlocksMax = 64;
inline constexpr size_t kBlocksBytesMax = 256U << 10;
inline constexpr size_t kLogPieceBytesMax = 64U << 10;
inline constexpr size_t kTextBytesMax = 2048;   // of a message for a person
inline constexpr size_t kCallsNamedMax = 1024;  // by one Acknowledge or Reveal
inline constexpr size_t kTokensMax = 16;        // of authority
inline constexpr size_t kTokensBytesMax = 64U << 10;
inline constexpr size_t kLackingNamedMax = 64;  // by one Estimate
inline constexpr uint32_t kPriorityMax = 2;
inline constexpr uint64_t kMillisecondsMax = 1ULL << 40;

// The requester's number for a call: never used for another one by the same key.
using CallNumber = uint64_t;

struct CarriedBlock {
  Cid cid;  // not verified yet
  Bytes bytes;
  bool operator==(const CarriedBlock&) const = default;
};

// --- From the requester ---

struct Offer {
  CallNumber call = 0;
  Bytes invocation;  // the block of an Invocation
  uint64_t fuel = 0;
  uint64_t lease_ms = 0;
  uint64_t deadline_ms = 0;  // from now, for the whole call; 0: none
  uint32_t priority = 1;     // among the requester's own calls; the greatest goes first
  bool fresh = false;        // execute even if the answer is known
  bool logs = false;         // send what the guest writes while it runs
  bool receipt = false;
  // Execute afresh, answer by Commit, and tell nobody the answer before Reveal.
  bool commit = false;
  std::vector<Bytes> authority;  // tokens that show that the requester may ask
  std::vector<CarriedBlock> blocks;
  bool operator==(const Offer&) const = default;
};
// What would the call cost there? Answered by Estimate, Refuse or Busy; binds nothing.
struct Probe {
  CallNumber call = 0;
  Bytes invocation;
  std::vector<Bytes> authority;
  bool operator==(const Probe&) const = default;
};
// Is the Outcome known there? Answered by Finish, Unknown, Refuse or Busy; nothing is executed.
struct Known {
  CallNumber call = 0;
  Cid invocation;
  std::vector<Bytes> authority;
  bool operator==(const Known&) const = default;
};
// These calls' answers were committed to, and are wanted now.
struct Reveal {
  std::vector<CallNumber> calls;
  bool operator==(const Reveal&) const = default;
};
struct Cancel {
  CallNumber call = 0;
  bool operator==(const Cancel&) const = default;
};
// These calls' results have arrived: they need not be kept.
struct Acknowledge {
  std::vector<CallNumber> calls;
  bool operator==(const Acknowledge&) const = default;
};

// --- From the executor ---

struct Accept {
  CallNumber call = 0;
  uint64_t lease_ms = 0;  // granted
  uint64_t ahead = 0;     // calls that go before it
  bool operator==(const Accept&) const = default;
};
// Not taken; it may be later.
struct Busy {
  CallNumber call = 0;
  uint64_t retry_ms = 0;  // worth asking again after this
  uint64_t waiting = 0;   // calls that wait here
  std::string message;
  bool operator==(const Busy&) const = default;
};
enum class RefuseReason {
  kStranger,   // the executor does not execute for this key
  kStopping,   // the executor is going away; also after it had accepted
  kMalformed,  // the Invocation is none
  kLimit,      // over what this executor gives one call
  kConflict,   // the call's number is that of another Invocation
  kDenied,     // not this call: its tokens do not allow it, or its function or data may not be used
};
// Not taken, and it will not be. Nothing follows.
struct Refuse {
  CallNumber call = 0;
  RefuseReason reason = RefuseReason::kLimit;
  std::string message;
  bool operator==(const Refuse&) const = default;
};
enum class Written { kStdout, kStderr };
struct Log {
  CallNumber call = 0;
  Written stream = Written::kStdout;
  uint64_t position = 0;  // of its first byte in what the guest has written to that stream
  Bytes bytes;
  bool operator==(const Log&) const = default;
};
// The call has its Outcome.
struct Finish {
  CallNumber call = 0;
  bool cached = false;
  Bytes outcome;                     // the block of an Outcome
  Bytes receipt;                     // the block of a Receipt; empty if none was wanted
  std::vector<CarriedBlock> blocks;  // of its output
  bool operator==(const Finish&) const = default;
};
// The call has its Outcome, which is told after Reveal: the digest is of the Receipt's block.
struct Commit {
  CallNumber call = 0;
  Sha256Digest digest{};
  bool operator==(const Commit&) const = default;
};
struct Estimate {
  CallNumber call = 0;
  uint64_t lacking_bytes = 0;  // of the module and the inputs whose first block is here
  std::vector<Cid> lacking;    // those whose first block is not, as many as may be named
  uint64_t wait_ms = 0;        // until it would run, as far as can be guessed
  bool warm = false;           // the function is ready to be called
  bool known = false;          // the Outcome is known here
  bool operator==(const Estimate&) const = default;
};
// The Outcome that was asked for by Known is not known.
struct Unknown {
  CallNumber call = 0;
  bool operator==(const Unknown&) const = default;
};
enum class FailureKind {
  kFuel,   // the budget was too small
  kStack,  // of the executor's engine
  kDeadline,
  kCancelled,
  kMissingBlock,  // the executor could not get the function or its data
  kLimit,         // a limit of the executor that is no part of the Invocation
  kUnsupported,   // the function cannot run there
  kInternal,
};
// The call has no Outcome, and ended.
struct Failure {
  CallNumber call = 0;
  FailureKind kind = FailureKind::kInternal;
  std::string message;
  bool operator==(const Failure&) const = default;
};

// --- From both ---

// All calls of the stream are still wanted, or still worked on.
struct Heartbeat {
  bool operator==(const Heartbeat&) const = default;
};

using Message = std::variant<Offer, Cancel, Acknowledge, Accept, Busy, Refuse, Log, Finish, Failure,
                             Heartbeat, Probe, Estimate, Known, Unknown, Commit, Reveal>;

const char* refuse_reason_name(RefuseReason reason);  // "stranger", ...
const char* failure_kind_name(FailureKind kind);      // "fuel", ...

// Appends the message to `out`. Longer texts are cut to kTextBytesMax; what else is over a limit is
// the caller's mistake.
void encode_message(const Message& message, Bytes& out);
// The first bytes of a frame of so many messages; the messages follow.
Bytes frame_head(size_t messages);
// A whole frame, of one message at least.
Bytes encode_frame(const std::vector<Message>& messages);
Result<std::vector<Message>> decode_frame(ByteView frame);

}  // namespace timerose::scheduler::execute
