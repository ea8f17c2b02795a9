// Late binding: the cheapest few nodes are asked, and the call is bound to the first that accepts.
// What a decision knew may be old; what a node answers about itself is not.
//
// A pure state machine: step(now, event) -> actions. Times are monotonic milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "scheduler/placement/node_ref.h"

namespace timerose::scheduler {

// --- Events ---
struct Accepted {
  NodeRef node;
};
struct Busy {
  NodeRef node;
  uint64_t retry_after_ms = 0;
};
struct Refused {
  NodeRef node;
  std::string why;
};
struct Unreachable {
  NodeRef node;
  std::string why;
};
struct TimePassed {};
using BindingEvent = std::variant<Accepted, Busy, Refused, Unreachable, TimePassed>;

// --- Actions ---
struct Ask {  // ask the node, with the bytes that the call would have to bring
  NodeRef node;
};
struct Bind {  // the call is this node's
  NodeRef node;
};
struct Release {  // it accepted, or may still accept, but is not needed
  NodeRef node;
};
struct GiveUp {
  std::string why;               // each node and what it said, by its place in the order
  std::vector<NodeRef> refused;  // for good
};
using BindingAction = std::variant<Ask, Bind, Release, GiveUp>;

class Binding {
 public:
  // Unless the constructor says otherwise; and one more for each that says nothing.
  static constexpr size_t kAskedAtOnce = 2;
  static constexpr uint64_t kAnswerWithin_ms = 300;  // then the next is asked as well
  // While nobody says that it is only busy; but every node is asked, and has kAnswerWithin_ms.
  static constexpr uint64_t kDecideWithin_ms = 1000;
  // A busy node is asked again when it says, but not before this, doubled each time to the maximum.
  static constexpr uint64_t kAskBusyAgain_ms = 50;
  static constexpr uint64_t kAskBusyAgainMax_ms = 800;
  static constexpr size_t kNodesMax = 24;

  // `nodes` in the order to ask, kNodesMax at most; `deadline_ms` is the call's own. Ask one at a
  // time where being asked already is to begin the work.
  Binding(uint64_t now_ms, std::span<const NodeRef> nodes, uint64_t deadline_ms,
          size_t asked_at_once = kAskedAtOnce);

  std::vector<BindingAction> start(uint64_t now_ms);
  std::vector<BindingAction> step(uint64_t now_ms, const BindingEvent& event);
  // When TimePassed is due; null once it is bound or given up.
  [[nodiscard]] std::optional<uint64_t> next_ms() const;

 private:
  enum class State : uint8_t { kNotAsked, kAsked, kSlow, kBusy, kOut };
  struct Node {
    NodeRef ref;
    State state = State::kNotAsked;
    uint64_t until_ms = 0;                 // kAsked: it is slow after; kBusy: may be asked again
    uint64_t pause_ms = kAskBusyAgain_ms;  // before it is, at least
    std::string why;
  };
  using Actions = std::vector<BindingAction>;

  void on(uint64_t now_ms, const Accepted& event, Actions& out);
  void on(uint64_t now_ms, const Busy& event, Actions& out);
  void on(uint64_t now_ms, const Refused& event, Actions& out);
  void on(uint64_t now_ms, const Unreachable& event, Actions& out);
  void on(uint64_t now_ms, const TimePassed& event, Actions& out);
  void ask_more(uint64_t now_ms, Actions& out);
  void give_up(Actions& out);
  Node* find(NodeRef ref);
  [[nodiscard]] size_t count(State state) const;
  [[nodiscard]] size_t at_once() const;
  [[nodiscard]] uint64_t give_up_at_ms() const;

  std::vector<Node> nodes_;
  size_t asked_at_once_;
  uint64_t decide_by_ms_;
  uint64_t deadline_ms_;
  bool done_ = false;
};

}  // namespace timerose::scheduler
