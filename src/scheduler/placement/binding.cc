#include "scheduler/placement/binding.h"

#include <fmt/format.h>

#include <algorithm>

namespace timerose::scheduler {

Binding::Binding(uint64_t now_ms, std::span<const NodeRef> nodes, uint64_t deadline_ms,
                 size_t asked_at_once)
    : asked_at_once_(asked_at_once),
      decide_by_ms_(std::min(now_ms + kDecideWithin_ms, deadline_ms)),
      deadline_ms_(deadline_ms) {
  for (const NodeRef node : nodes.first(std::min(nodes.size(), kNodesMax))) {
    nodes_.push_back({.ref = node, .why = {}});
  }
}

std::vector<BindingAction> Binding::start(uint64_t now_ms) {
  Actions out;
  ask_more(now_ms, out);
  return out;
}

std::vector<BindingAction> Binding::step(uint64_t now_ms, const BindingEvent& event) {
  Actions out;
  std::visit([&](const auto& what) { on(now_ms, what, out); }, event);
  if (!done_) ask_more(now_ms, out);
  return out;
}

void Binding::on(uint64_t, const Accepted& event, Actions& out) {
  Node* node = find(event.node);
  if (done_ || node == nullptr || node->state == State::kOut) {
    out.emplace_back(Release{event.node});
    return;
  }
  done_ = true;
  out.emplace_back(Bind{event.node});
  for (const Node& other : nodes_) {
    const bool may_accept = other.state == State::kAsked || other.state == State::kSlow;
    if (may_accept && !(other.ref == event.node)) out.emplace_back(Release{other.ref});
  }
}

void Binding::on(uint64_t now_ms, const Busy& event, Actions&) {
  Node* node = find(event.node);
  if (done_ || node == nullptr || node->state == State::kOut) return;
  node->state = State::kBusy;
  node->until_ms = now_ms + std::max(node->pause_ms, event.retry_after_ms);
  node->pause_ms = std::min(2 * node->pause_ms, kAskBusyAgainMax_ms);
  node->why = fmt::format("busy for {} ms", event.retry_after_ms);
}

void Binding::on(uint64_t, const Refused& event, Actions&) {
  Node* node = find(event.node);
  if (done_ || node == nullptr) return;
  node->state = State::kOut;
  node->why = "refused: " + event.why;
}

void Binding::on(uint64_t, const Unreachable& event, Actions&) {
  Node* node = find(event.node);
  if (done_ || node == nullptr) return;
  node->state = State::kOut;
  node->why = "not reachable: " + event.why;
}

void Binding::on(uint64_t now_ms, const TimePassed&, Actions&) {
  for (Node& node : nodes_) {
    if (node.state == State::kAsked && node.until_ms <= now_ms) {
      node.state = State::kSlow;
      node.why = fmt::format("no answer in {} ms", kAnswerWithin_ms);
    }
  }
}

// A node that is slow may still accept, but no longer keeps others from being asked.
void Binding::ask_more(uint64_t now_ms, Actions& out) {
  if (now_ms >= give_up_at_ms()) return give_up(out);
  size_t asked = count(State::kAsked);
  const size_t asked_max = at_once();
  const auto ask = [&](Node& node) {
    if (node.state == State::kBusy) {
      decide_by_ms_ = std::min(now_ms + kDecideWithin_ms, deadline_ms_);
    }
    node.state = State::kAsked;
    node.until_ms = now_ms + kAnswerWithin_ms;
    out.emplace_back(Ask{node.ref});
    ++asked;
  };
  for (Node& node : nodes_) {
    if (asked < asked_max && node.state == State::kNotAsked) ask(node);
  }
  for (Node& node : nodes_) {
    const bool again = node.state == State::kBusy && node.until_ms <= now_ms;
    if (asked < asked_max && again) ask(node);
  }
  if (asked == 0 && count(State::kSlow) == 0 && count(State::kBusy) == 0) give_up(out);
}

void Binding::give_up(Actions& out) {
  done_ = true;
  GiveUp end;
  for (const Node& node : nodes_) {
    if (node.state == State::kOut) end.refused.push_back(node.ref);
    const auto place = static_cast<size_t>(&node - nodes_.data());
    end.why += fmt::format("{}node {}: {}", end.why.empty() ? "" : "; ", place + 1,
                           node.why.empty() ? "no answer" : node.why);
    if (node.state == State::kAsked || node.state == State::kSlow) {
      out.emplace_back(Release{node.ref});
    }
  }
  if (nodes_.empty()) end.why = "there is no node to ask";
  out.emplace_back(std::move(end));
}

// One more for each that is silent: where many are, all have been asked after a second.
size_t Binding::at_once() const { return asked_at_once_ + count(State::kSlow); }

// While a node is only busy it is worth waiting until the call's deadline; and each is to be asked,
// and given its time, before it is said that nobody takes the call.
uint64_t Binding::give_up_at_ms() const {
  if (count(State::kBusy) > 0 || count(State::kNotAsked) > 0) return deadline_ms_;
  uint64_t at_ms = decide_by_ms_;
  for (const Node& node : nodes_) {
    if (node.state == State::kAsked) at_ms = std::max(at_ms, node.until_ms);
  }
  return std::min(at_ms, deadline_ms_);
}

std::optional<uint64_t> Binding::next_ms() const {
  if (done_) return std::nullopt;
  uint64_t next = give_up_at_ms();
  const bool may_ask = count(State::kAsked) < at_once();
  for (const Node& node : nodes_) {
    const bool timed = node.state == State::kAsked || (node.state == State::kBusy && may_ask);
    if (timed) next = std::min(next, node.until_ms);
  }
  return next;
}

Binding::Node* Binding::find(NodeRef ref) {
  const auto found =
      std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.ref == ref; });
  return found == nodes_.end() ? nullptr : &*found;
}

size_t Binding::count(State state) const {
  return static_cast<size_t>(std::count_if(nodes_.begin(), nodes_.end(),
                                           [&](const Node& node) { return node.state == state; }));
}

}  // namespace timerose::scheduler
