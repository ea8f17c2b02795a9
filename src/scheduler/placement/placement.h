// Where a call should run: a few candidates, what each would cost in seconds, cheapest first.
//
// Candidates are holders of the inputs, nodes that have the function or have it warm, two random
// others, and this node itself. Looked at are kCandidatesMax nodes at most, whatever the size of
// the mesh, so a decision takes as long in a large one. What adverts say may be old: a decision
// only says in which order to ask (binding.h).
//
// A byte that moves takes room on the links of two nodes, so it costs others time as well as this
// call: `burden` counts that. Without it each asker would draw what is asked for most to nodes that
// save it some milliseconds.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "scheduler/placement/holders.h"
#include "scheduler/placement/node_index.h"
#include "scheduler/placement/requirement.h"
#include "scheduler/placement/work_history.h"

namespace timerose::scheduler {

struct CallInput {
  ContentKey content;
  uint64_t bytes = 0;
};

// What placement needs to know of a call; what it points to must outlive the decision.
struct CallToPlace {
  static constexpr size_t kInputsWeighed = 8;  // of more, the first: name the largest first

  ContentKey function;
  uint32_t function_mark = 0;  // WarmSet::mark_of
  uint64_t function_bytes = 0;
  std::span<const CallInput> inputs;
  uint64_t memory_bytes = 0;              // that the guest may use
  const Requirement* required = nullptr;  // null: anything
  const Requirement* preferred = nullptr;
  bool trusted_only = false;
  // By lot among those within reason (Placer), with random others in all places that are left, and
  // nobody for being warm: whoever praises himself is not chosen for it.
  bool drawn = false;
  std::span<const NodeRef> avoided;  // that failed, refused, or lied
  // Other copies of the same call: none of their nodes again, nor of what `apart` says of them.
  std::span<const NodeRef> copies;
  const Term* apart = nullptr;  // its attribute, operator or label, and no more of it
};

enum class Why : uint8_t { kSelf, kHolder, kWarm, kRandom };

enum class Rejected : uint8_t {
  kNot,
  kRequirement,  // a hard requirement does not hold
  kMemory,       // less is free than the call may use
  kAvoided,
  kApart,       // too near to another copy
  kNotTrusted,  // only nodes whose answers count are wanted
};

// In seconds.
struct Cost {
  float ask = 0;      // the round trip to the node
  float move = 0;     // of bytes that it lacks, from the nearest holders
  float burden = 0;   // that others have from these bytes
  float queue = 0;    // until a core is free
  float compile = 0;  // unless warm
  float run = 0;
  float dislike = 0;  // for preferences that do not hold
  [[nodiscard]] float total() const {
    return ask + move + burden + queue + compile + run + dislike;
  }
};

struct Candidate {
  NodeRef node;
  Why why = Why::kRandom;
  Rejected rejected = Rejected::kNot;
  uint8_t term = 0;           // of the requirement, for kRequirement
  bool has_function = false;  // as far as is known here
  uint64_t move_bytes = 0;    // that it lacks, the same
  Cost cost;
  float rank = 0;  // cost.total(), when it was put in order

  // What the node answered: the bytes that it lacks indeed. `per_byte` is used if the way was not
  // known here.
  void set_lacking(uint64_t bytes, float per_byte);
};

struct Decision {
  static constexpr size_t kCandidatesMax = 24;

  std::array<Candidate, kCandidatesMax> candidates;  // fitting ones first, cheapest first
  uint32_t count = 0;
  uint32_t fitting = 0;

  [[nodiscard]] std::span<const Candidate> all() const { return {candidates.data(), count}; }
  [[nodiscard]] std::span<const Candidate> fit() const { return {candidates.data(), fitting}; }
};

class Placer {
 public:
  static constexpr double kDislike = 0.5;  // of the cost, for each preference that does not hold
  static constexpr size_t kRandomOthers = 2;
  // Of the time that bytes are on their way: what others lose by it.
  static constexpr float kBurden = 3;
  // Within reason of the cheapest: so many times as much, or so much more. The cheapest is the one
  // that needs least time to be asked and to be brought its bytes, with the median of what nodes
  // say of themselves: their queue, their speed, their code.
  static constexpr float kReasonTimes = 1.5F;
  static constexpr float kReasonMore_s = 0.5F;

  // `self` is live in `nodes`. All must outlive it. `seed` is of the dice for random others.
  Placer(const NodeIndex& nodes, Holders& holders, WorkHistory& work, NodeRef self, uint64_t seed)
      : nodes_(nodes), holders_(holders), work_(work), self_(self), dice_(seed) {}

  // Without a candidate that fits, all nodes are looked at once: what is found then is all there
  // is, and `fitting` is zero only if no node fits.
  void decide(const CallToPlace& call, Decision& out);
  // Those within reason come first, in an order that the dice give; the others stay as they are.
  void draw(std::span<Candidate> fitting);

 private:
  struct Content {
    uint64_t bytes = 0;
    std::array<NodeRef, Holders::kHoldersMax> holders{};
    size_t count = 0;
    [[nodiscard]] std::span<const NodeRef> all() const { return {holders.data(), count}; }
  };
  // The call's content, its module first, with who holds it: looked up once a decision.
  struct Asked {
    std::array<Content, CallToPlace::kInputsWeighed + 1> contents{};
    size_t count = 0;
    std::span<const NodeRef> warm;
    // Of the slots in `warm`: most candidates are not among them, and are not searched for.
    std::array<uint64_t, 8> warm_bits{};
    float fuel = 0;

    void mark_warm();
    [[nodiscard]] std::span<const NodeRef> warm_if(NodeRef node) const;
  };
  // From one node to another, in seconds.
  struct Way {
    float trip = 0;
    float per_byte = 0;
  };

  void prefetch(const CallToPlace& call) const;
  void look_up(const CallToPlace& call, Asked& asked);
  void gather(const CallToPlace& call, const Asked& asked, Decision& out);
  void gather_random(const CallToPlace& call, Decision& out);
  void add_random_of(const std::vector<NodeRef>& from, size_t wanted, const CallToPlace& call,
                     Decision& out);
  void gather_any_fitting(const CallToPlace& call, const Asked& asked, Decision& out);
  void add(NodeRef node, Why why, Decision& out) const;
  void weigh(const CallToPlace& call, const Asked& asked, Candidate& candidate) const;
  [[nodiscard]] Rejected fit(const CallToPlace& call, NodeRef node, uint8_t& term) const;
  [[nodiscard]] bool is_apart(const CallToPlace& call, NodeRef node) const;
  // Notes what it lacks, too.
  Cost cost_of(const CallToPlace& call, const Asked& asked, Candidate& candidate) const;
  [[nodiscard]] Way nearest(const Content& content, NodeRef node) const;
  [[nodiscard]] float trip(NodeRef a, NodeRef b) const;
  [[nodiscard]] float per_byte(NodeRef from, NodeRef to, float trip) const;
  uint64_t roll();
  size_t roll_below(size_t limit);

  const NodeIndex& nodes_;
  Holders& holders_;
  WorkHistory& work_;
  const NodeRef self_;
  uint64_t dice_;
};

}  // namespace timerose::scheduler
