// Signed receipts for one Invocation that contradict each other. A function is deterministic, so at
// least one of those who signed lied; anyone can check that from these bytes alone.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "compute/receipt.h"
#include "multiformats/cid.h"
#include "scheduler/verify/quorum.h"

namespace timerose::scheduler::verify {

// What the accepted Outcome rests on.
enum class Basis : uint8_t { kSelf, kVerifier, kQuorum };
const char* basis_name(Basis basis);  // "self", ...

struct Statement {
  Cid receipt;
  PublicKey executor;
  Cid outcome;
  compute::Metering metering;
};

// What a piece of evidence shows.
struct Finding {
  explicit Finding(Cid name) : invocation(std::move(name)) {}
  Cid invocation;
  std::vector<Statement> statements;  // in the order of the receipts
  bool outcomes_differ = false;
  bool metering_differs = false;  // of one Outcome, by one engine
  // Keys that signed statements which contradict each other: at fault whoever else is right.
  std::vector<PublicKey> proven;
};

// Schema: evidence.ipldsch.
struct Evidence {
  static constexpr uint64_t kVersion = 1;
  static constexpr size_t kReceiptsMax = 16;
  static constexpr size_t kReceiptBytesMax = 16U << 10;
  // Longer is no evidence.
  static constexpr size_t kBytesMax = kReceiptsMax * kReceiptBytesMax + 1024;

  std::vector<Bytes> receipts;  // blocks of Receipts, ascending, each once
  std::optional<Cid> accepted;  // the Outcome that was believed; nothing if none was yet
  Basis basis = Basis::kQuorum;

  // Puts the receipts into their order.
  static Evidence of(std::vector<Bytes> receipts, std::optional<Cid> accepted, Basis basis);

  // Inverses. decode is strict; it does not look into the receipts.
  [[nodiscard]] Result<Bytes> encode() const;
  static Result<Evidence> decode(ByteView bytes);

  // Checks everything: kMalformed if a receipt is none, kMismatch if a signature is not its
  // executor's, if the receipts are of different Invocations, contradict nothing, or none has the
  // accepted Outcome.
  [[nodiscard]] Result<Finding> examine() const;

  bool operator==(const Evidence&) const = default;
};

// The answers whose receipts show what `judgement` found: those at fault, and some of those who
// stand against them, as many as one piece of evidence holds. All where nothing decides between
// them; none if nobody was found at fault, or nothing can be shown.
std::vector<size_t> answers_to_show(const Judgement& judgement, std::span<const Answer> answers);
Basis basis_of(const Judgement& judgement, std::span<const Answer> answers);

}  // namespace timerose::scheduler::verify
