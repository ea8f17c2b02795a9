// What this node has seen of others' answers: how often an executor's answers to calls of a
// function should be checked, and whom not to ask at all. A good record is earned slowly, by
// checked answers, and lost at once; both fade with time.
//
// Pure: time is an argument (nanoseconds since 1970, as it outlives the process). Of one thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "multiformats/peer_id.h"
#include "scheduler/bounded_table.h"
#include "scheduler/verify/quorum.h"

namespace timerose::scheduler::verify {

struct ScoreLimits {
  static constexpr uint64_t kSecondNs = 1'000'000'000;
  static constexpr uint64_t kDayNs = 24ULL * 60 * 60 * kSecondNs;

  uint64_t half_life_ns = 7 * kDayNs;
  double rate_min = 0.01;    // of answers that are checked, however good the record
  double good_to_halve = 2;  // checked answers after which every second one is checked
  // Of a node's good record with other functions, so much counts for this one.
  double share_of_other_functions = 0.1;
  double avoided_from = 0.5;  // faults, faded; a false Outcome is one
  size_t nodes_max = 16'384;
  size_t functions_max = 32'768;  // pairs of node and function
};

enum class Seen : uint8_t {
  kGood,           // a checked answer was right
  kFalseOutcome,   // it was not
  kFalseMetering,  // the Outcome was right, what it is said to have used was not
  kBrokenCommit,   // the answer was not the one that was committed to
};

// What is known of one node, or of one node and function. Both counts have faded up to `at_ns`.
struct Score {
  double good = 0;
  double faults = 0;
  uint64_t at_ns = 0;
  uint32_t times_faulty = 0;  // ever; a function's good record is of the node's present number
  bool operator==(const Score&) const = default;
};

class Scores {
 public:
  explicit Scores(const ScoreLimits& limits) : limits_(limits) {}

  void note(uint64_t now_ns, const PeerId& node, const ContentKey& function, Seen seen);
  // Notes what a Judgement showed of all who answered a call of this function; gives their keys.
  // An answer that was believed without a check says nothing of who gave it.
  std::vector<PeerId> learn(uint64_t now_ns, const ContentKey& function, const Judgement& judgement,
                            std::span<const Answer> answers);

  // Of answers of this node to calls of this function, how many should be checked: 1 for a node
  // that nothing is known of, or that was at fault lately.
  [[nodiscard]] double spot_check_rate(uint64_t now_ns, const PeerId& node,
                                       const ContentKey& function) const;
  // Whether nothing should be given to this node (CallToPlace::avoided).
  [[nodiscard]] bool is_avoided(uint64_t now_ns, const PeerId& node) const;
  // Whether it was at fault and that has not faded: its answers are worth checking unasked.
  [[nodiscard]] bool is_suspect(uint64_t now_ns, const PeerId& node) const;
  // The worst first. Looks at every node: keep the answer while changes() is the same, some
  // seconds.
  [[nodiscard]] std::vector<PeerId> avoided(uint64_t now_ns, size_t max) const;

  // --- To keep and to show ---
  struct Entry {
    PeerId node;
    bool is_node = true;  // of the node as a whole, not of one function
    ContentKey function;
    Score score;
  };
  // Nodes first.
  [[nodiscard]] std::vector<Entry> entries() const;
  // What note() of these changed.
  [[nodiscard]] std::vector<Entry> entries_of(const PeerId& node, const ContentKey& function) const;
  // One of what was kept. Over the limits, what says least gives way.
  void restore(const Entry& entry);
  // Grows with every change: what is kept is out of date when it differs.
  [[nodiscard]] uint64_t changes() const { return changes_; }

 private:
  struct Pair {
    PeerId node;
    ContentKey function;
    bool operator==(const Pair&) const = default;
  };
  struct PairHash {
    size_t operator()(const Pair& pair) const;
  };

  [[nodiscard]] double left(uint64_t from_ns, uint64_t now_ns) const;
  void fade(Score& score, uint64_t now_ns) const;
  [[nodiscard]] double faults_of(uint64_t now_ns, const PeerId& node) const;
  void make_room();

  const ScoreLimits limits_;
  std::map<PeerId, Score> nodes_;
  std::unordered_map<Pair, Score, PairHash> functions_;
  uint64_t changes_ = 0;
};

}  // namespace timerose::scheduler::verify
