// What a Job is told, and what it wants done. Whoever drives it carries the actions out over a
// network, real or made up, and tells what came of them.
//
// An attempt is one node that is asked to run the call, or how long that would take. Its number is
// the job's own; it never means another one later.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "multiformats/peer_id.h"
#include "scheduler/execute/message.h"
#include "scheduler/placement/node_ref.h"
#include "scheduler/verify/quorum.h"

namespace timerose::scheduler::jobs {

enum class AttemptId : uint32_t {};
// The answer that the mesh's memo gave, if it gave one.
inline constexpr AttemptId kMemoAttempt{0};

// --- Events: of an attempt that has neither ended nor been withdrawn; others are passed over ---

// To AskMemo: of the mesh's memo and of this node's own. None: it is not known, or asking costs
// more than the call.
struct MemoSaid {
  std::vector<verify::Answer> answers;
  std::vector<NodeRef> nodes;  // of those who gave them, as far as they are in the mesh now
};
struct Estimated {  // to ProbeNode
  AttemptId attempt;
  uint64_t lacking_bytes = 0;
  uint64_t wait_ms = 0;
  bool warm = false;
  bool known = false;  // it has an Outcome
};
// To OfferCall, or to ProbeNode: the node will not do it.
struct Declined {
  AttemptId attempt;
  ErrorCode code = ErrorCode::kPermission;  // kMalformed: it says that no node will
  std::string why;
};
struct OutOfReach {  // no connection to it, or it does not speak the protocol
  AttemptId attempt;
  std::string why;
};
struct Occupied {
  AttemptId attempt;
  uint64_t retry_ms = 0;
  std::string why;
};
struct Taken {  // it has accepted; may be left out by an executor that answers at once
  AttemptId attempt;
  uint64_t ahead = 0;  // calls that went before this one there, then
};
struct Committed {  // it has an answer, which it keeps until RevealAnswers
  AttemptId attempt;
};
struct Answered {
  AttemptId attempt;
  verify::Answer answer;
  bool cached = false;  // it was known there: says nothing of how long the call takes
  bool check = false;   // the dice want it checked (verify::with_spot_check)
};
struct Failed {  // ended without an Outcome
  AttemptId attempt;
  execute::FailureKind kind = execute::FailureKind::kInternal;
  std::string why;
};
struct Wrong {  // it sent what cannot be an answer: another call's receipt, a forged one
  AttemptId attempt;
  std::string why;
};
struct Lost {  // was reached, and then not heard of for the lease
  AttemptId attempt;
  std::string why;
  bool ended = false;  // its connection ended, and there was no other: it runs no more
};
struct CancelJob {};
struct TimeIsUp {};  // next_ms() has come
using JobEvent = std::variant<MemoSaid, Estimated, Declined, OutOfReach, Occupied, Taken, Committed,
                              Answered, Failed, Wrong, Lost, CancelJob, TimeIsUp>;

// --- Actions ---

struct AskMemo {};  // answered by MemoSaid
struct ProbeNode {  // answered by Estimated, Declined or OutOfReach
  AttemptId attempt;
  PeerId peer;
};
struct OfferCall {  // answered by everything else
  AttemptId attempt;
  PeerId peer;               // this node's own too
  bool commit = false;       // Offer.commit
  bool patient = false;      // a busy node is asked again, and Occupied comes only at the end
  uint64_t deadline_ms = 0;  // from now; 0: none
};
struct Withdraw {  // nothing is wanted of it any more
  AttemptId attempt;
};
struct RevealAnswers {  // to nodes that have Committed: answered by Answered, Wrong or Lost
  std::vector<AttemptId> attempts;
};

// Nobody has the call, or too few have. For the user; nothing follows from it.
struct Waiting {
  std::vector<PeerId> busy;
  std::vector<PeerId> out_of_reach;
  std::vector<PeerId> silent;  // that were offered the call, and have not said anything yet
  std::string why;             // that the latest of the busy, or else of the others, is so
  // One that has taken it, to run it after so many others.
  std::optional<PeerId> queued_at;
  uint64_t ahead = 0;
  uint64_t again_in_ms = 0;  // the next is asked; 0: all that can be asked are being asked
  uint64_t patience_ms = 0;  // it goes on so long; 0: until the deadline

  // Whether it is the same wait, later.
  [[nodiscard]] bool is_like(const Waiting& other) const {
    return busy.size() == other.busy.size() && out_of_reach.size() == other.out_of_reach.size() &&
           queued_at == other.queued_at;
  }
};
struct TellWaiting {
  Waiting waiting;
};
// Not as many copies as were wanted are under way, and there are no nodes for more.
struct Fewer {
  uint32_t wanted = 0;
  uint32_t run = 0;
  std::string why;
  [[nodiscard]] std::string to_string() const;  // "2 of 3 copies run: ..."
};
struct TellFewer {
  Fewer fewer;
};

enum class How : uint8_t {
  kAnswered,   // `attempt` has the answer
  kStopped,    // by the call's own limits: `stop`
  kFailed,     // `error`
  kCancelled,  // as it was asked to
  kExplained,  // there is an Explanation, which is all that was wanted
};
struct Ending {
  How how = How::kFailed;
  AttemptId attempt = kMemoAttempt;
  bool from_memo = false;
  std::optional<Cid> outcome;  // for kAnswered
  execute::FailureKind stop = execute::FailureKind::kInternal;
  Error error;  // its message for kStopped too
  // Whose answers were false, counted too much, or stand behind the one that was accepted.
  std::vector<AttemptId> losers;
  std::vector<AttemptId> odd_metering;
  std::vector<AttemptId> supporters;
  bool disagreement = false;
};
struct EndJob {  // exactly once, and nothing after it
  Ending ending;
};
using JobAction = std::variant<AskMemo, ProbeNode, OfferCall, Withdraw, RevealAnswers, TellWaiting,
                               TellFewer, EndJob>;

}  // namespace timerose::scheduler::jobs
