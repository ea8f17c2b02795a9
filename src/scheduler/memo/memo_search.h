// One search for a known Outcome among other nodes, before a call is placed
// (docs/reference/jobs.md).
//
// Asked are nodes that are likely to know, and those that the DHT names for the Invocation. An
// answer counts as far as the call's wish to verify says (verify/quorum.h). A question that is
// expected to cost more than it saves is not asked, and none is waited for longer than the call
// itself is expected to take.
//
// Pure: step(now, event) gives actions; no I/O, no thread, no clock. Times are monotonic
// milliseconds. It ends by exactly one EndSearch; whatever comes later changes nothing.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <span>
#include <variant>
#include <vector>

#include "multiformats/peer_id.h"
#include "scheduler/memo/memo_yield.h"
#include "scheduler/verify/quorum.h"

namespace timerose::scheduler::memo {

// A node that may know, nearest to knowing first.
struct Likely {
  PeerId peer;
  double round_trip_s = 0;
};

struct SearchCall {
  ContentKey function;
  double run_s = 0;  // what it is expected to take if it has to be run
  verify::Wish verify;
  PeerId self;  // never asked
};

// --- Events ---
struct HoldersFound {  // by the DHT
  std::vector<PeerId> peers;
};
struct HoldersEnded {};
struct PeerSaid {  // to AskPeer; nothing: it does not know, or cannot be asked
  PeerId peer;
  std::optional<verify::Answer> answer;
};
struct TimeIsUp {};  // next_ms() has come
using SearchEvent = std::variant<HoldersFound, HoldersEnded, PeerSaid, TimeIsUp>;

// --- Actions ---
struct FindHolders {};  // of the Invocation: HoldersFound any number of times, then HoldersEnded
struct AskPeer {        // answered by one PeerSaid
  PeerId peer;
};
struct LeavePeer {  // its word is not wanted any more
  PeerId peer;
};
struct EndSearch {  // exactly once, and nothing after it
  // Of one Outcome: those that make it believed, or count towards a quorum; none if it is not
  // known. Who says that it knows has chosen itself, so strangers are none of a quorum: they have
  // to be asked to execute the call, as nodes that are drawn (Placer).
  std::vector<verify::Answer> answers;
  std::optional<PeerId> told_by;  // of the first
};
using SearchAction = std::variant<FindHolders, AskPeer, LeavePeer, EndSearch>;

class MemoSearch {
 public:
  static constexpr size_t kPeersAskedMax = 8;
  static constexpr size_t kAskedAtOnce = 4;
  static constexpr uint64_t kWithin_ms = 250;  // however long the call takes
  // What a walk through the DHT is taken to cost.
  static constexpr double kRoutingCost_s = 0.1;

  // `yield` must outlive it.
  MemoSearch(MemoYield& yield, SearchCall call) : yield_(yield), call_(std::move(call)) {}

  // The actions are valid until the next step.
  std::vector<SearchAction>& start(uint64_t now_ms, std::span<const Likely> likely);
  std::vector<SearchAction>& step(uint64_t now_ms, const SearchEvent& event);
  // When TimeIsUp is due; null once it has ended.
  [[nodiscard]] std::optional<uint64_t> next_ms() const;
  [[nodiscard]] bool is_ended() const { return ended_; }

 private:
  struct Waiting {
    PeerId peer;
    Way way = Way::kDirect;
  };
  struct Heard {
    PeerId told_by;
    Way way = Way::kDirect;
  };

  void on(const HoldersFound& event);
  void on(const HoldersEnded& event);
  void on(const PeerSaid& event);
  void on(const TimeIsUp& event);
  [[nodiscard]] bool may_count(const verify::Answer& answer) const;
  void ask_next();
  void end_if_all_said();
  // `accepted`: places of answers that are believed.
  void end(std::vector<size_t> accepted);

  MemoYield& yield_;
  const SearchCall call_;
  uint64_t until_ms_ = 0;
  bool ended_ = false;
  bool finding_ = false;
  std::array<bool, kWays> used_{};
  size_t asked_ = 0;
  std::deque<Waiting> waiting_;
  std::vector<Waiting> open_;
  std::set<PeerId> seen_;
  std::vector<verify::Answer> answers_;
  std::vector<Heard> heard_;  // of each of answers_
  std::vector<SearchAction> actions_;
};

}  // namespace timerose::scheduler::memo
