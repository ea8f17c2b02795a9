// Whether the answers to one Invocation that have come so far are enough to believe one of them,
// and if not, what to do next (docs/reference/verification.md).
//
// Pure: the same answers give the same Judgement. A function is deterministic, so of two different
// Outcomes of one Invocation at least one is false.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "compute/receipt.h"
#include "multiformats/cid.h"
#include "multiformats/peer_id.h"

namespace timerose::scheduler::verify {

enum class Policy : uint8_t {
  kNone,    // whatever comes first
  kTrust,   // what an executor says that this node trusts
  kSelf,    // what this node's own execution confirms
  kQuorum,  // what so many say that stand apart from each other
};

// What an asker wants before it believes an Outcome.
struct Wish {
  static constexpr uint32_t kQuorumMax = 64;
  static constexpr uint32_t kAnswersMax = 256;

  Policy policy = Policy::kTrust;
  uint32_t quorum = 1;       // equal Outcomes wanted; more than 1 only for kQuorum
  uint32_t answers_max = 1;  // of other nodes, that are asked for at most
  bool may_run_here = true;  // whether this node's own execution may settle what others cannot
  // With kTrust: some answers are checked all the same, by the executor's record (scores.h).
  bool spot_checks = false;

  // Its executors are drawn by lot, and commit to their answers before they learn of others'.
  [[nodiscard]] bool is_quorum() const { return policy == Policy::kQuorum; }
  bool operator==(const Wish&) const = default;
};

// "none", "trust", "spot" (trust, with spot checks), "self", "quorum=K" or "quorum=K/N": K equal
// Outcomes of N answers at most, three times K if it is not said. kInvalidArgument gives the forms.
Result<Wish> parse_wish(std::string_view text);
std::string format_wish(const Wish& wish);

// With an answer that is not checked otherwise, the dice decide whether this one is: `rate` is the
// executor's spot-check rate (scores.h), `dice` is even in [0, 1). A checked answer is confirmed by
// this node's own execution.
Wish with_spot_check(const Wish& wish, double rate, double dice);

// What the word of whoever answered is worth, least first.
enum class Standing : uint8_t {
  kStranger,
  kTrusted,   // has the executor role
  kVerifier,  // has the verifier role: its execution counts as this node's own
  kSelf,      // this node's own execution
};

// Whether an answer of one of that standing is believed as soon as it comes. Until then what its
// guest is said to have written may be made up.
bool counts_alone(const Wish& wish, Standing standing);

struct Answer {
  PeerId executor;
  std::string operator_name;  // who runs the executor, as it says; empty: not known
  Standing standing = Standing::kStranger;
  Cid outcome;
  std::optional<Cid> receipt;  // without one, nothing can be shown to others
  compute::Metering metering;
};

enum class Next : uint8_t {
  kAccept,     // `outcome` is the answer
  kAskMore,    // `more` answers are wanted from others, apart from those that answered
  kRunHere,    // this node's own execution is wanted, as an Answer with kSelf
  kUndecided,  // nothing that may be done would decide
};

// Answers are named by their place among those that were judged.
struct Judgement {
  Next next = Next::kAskMore;
  std::optional<Cid> outcome;  // if kAccept
  uint32_t more = 0;           // answers still wanted, those under way included
  bool trusted_only = false;   // only executors that this node trusts are worth asking
  bool disagreement = false;   // two different Outcomes are among the answers
  // These gave another Outcome than the accepted one, or two different ones (then whatever is
  // accepted, or nothing yet).
  std::vector<size_t> losers;
  // These gave the accepted Outcome, but say that it used something else than most with the same
  // engine say, or than this node measured.
  std::vector<size_t> odd_metering;
  // These stand behind the accepted Outcome.
  std::vector<size_t> supporters;
};

// An executor counts once, and so do executors of one operator; one that gave two different
// Outcomes does not count at all. An Outcome that contradicts this node's own execution, or a
// verifier's, is never accepted.
Judgement judge(const Wish& wish, std::span<const Answer> answers);

}  // namespace timerose::scheduler::verify
