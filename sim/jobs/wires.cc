#include "sim/jobs/wires.h"

#include <algorithm>
#include <utility>

namespace timerose::sim::jobs {
namespace {

constexpr uint64_t kResendNs = 200 * kMillisecond;
constexpr size_t kResendsMax = 8;

}  // namespace

uint64_t Wires::delay_ns(NodeNumber from, NodeNumber to, uint64_t patience_ns) {
  uint64_t out_ns = 0;
  if (const uint64_t until_ns = geography_.apart_until_ns(from, to, events_.now_ns())) {
    out_ns = until_ns - events_.now_ns();
    if (out_ns > patience_ns) return 0;
  }
  const uint64_t way_ns = from == to ? 20 * kMicrosecond : geography_.latency_ns(from, to);
  out_ns += way_ns + dice_.below(way_ns / 4 + 1);
  if (from == to) return out_ns;
  for (size_t resends = 0; resends < kResendsMax && dice_.chance(loss_); ++resends) {
    out_ns += std::max(kResendNs, 2 * way_ns) << std::min<size_t>(resends, 3);
  }
  return out_ns;
}

Wires::Link* Wires::find(LinkNumber number) {
  const auto found = links_.find(number);
  return found == links_.end() ? nullptr : &found->second;
}

void Wires::open(NodeNumber requester, NodeNumber executor) {
  const LinkNumber number = ++last_;
  links_.emplace(number, Link{requester, executor});
  by_ends_[key(requester, executor)] = number;
  of_node_[requester].push_back(number);
  of_node_[executor].push_back(number);
  const uint64_t there_ns = delay_ns(requester, executor, kDialNs);
  if (there_ns == 0) return tell_requester(number, kDialNs, "no answer");
  const uint64_t round_trip_ns = 2 * geography_.latency_ns(requester, executor);
  events_.after(round_trip_ns + there_ns, [this, number] {
    Link* const link = find(number);
    if (link == nullptr || !link->requester_up) return;
    LinkEnd* const end = end_of_(link->executor);
    if (end == nullptr) {
      const bool refused = dice_.chance(0.5);
      return tell_requester(number, refused ? 0 : kDialNs, refused ? "refused" : "no answer");
    }
    link->executor_up = true;
    const uint64_t back_ns = delay_ns(link->executor, link->requester, kPatienceNs);
    if (back_ns == 0) return break_link(number, kPatienceNs, "no answer");
    link->arrives_ns[1] = events_.now_ns() + back_ns;
    events_.at(link->arrives_ns[1], [this, number] {
      const Link* const opened = find(number);
      if (opened == nullptr || !opened->requester_up) return;
      if (LinkEnd* const asker = end_of_(opened->requester)) asker->link_ready(opened->executor);
    });
    end->link_opened(mesh::StreamId{number}, link->requester);
  });
}

void Wires::tell_requester(LinkNumber number, uint64_t after_ns, std::string why) {
  events_.after(after_ns, [this, number, why = std::move(why)] {
    Link* const link = find(number);
    if (link == nullptr || !link->requester_up) return;
    link->requester_up = false;
    const NodeNumber requester = link->requester;
    const NodeNumber executor = link->executor;
    by_ends_.erase(key(requester, executor));
    drop_if_down(number);
    if (LinkEnd* const end = end_of_(requester)) end->link_lost(executor, why);
  });
}

void Wires::tell_executor(LinkNumber number, uint64_t after_ns) {
  events_.after(after_ns, [this, number] {
    Link* const link = find(number);
    if (link == nullptr || !link->executor_up) return;
    link->executor_up = false;
    const NodeNumber executor = link->executor;
    drop_if_down(number);
    if (LinkEnd* const end = end_of_(executor)) end->link_closed(mesh::StreamId{number});
  });
}

void Wires::drop_if_down(LinkNumber number) {
  const auto found = links_.find(number);
  if (found == links_.end() || found->second.requester_up || found->second.executor_up) return;
  for (const NodeNumber node : {found->second.requester, found->second.executor}) {
    const auto of = of_node_.find(node);
    if (of == of_node_.end()) continue;
    std::erase(of->second, number);
    if (of->second.empty()) of_node_.erase(of);
  }
  links_.erase(found);
}

void Wires::break_link(LinkNumber number, uint64_t after_ns, const std::string& why) {
  tell_requester(number, after_ns, why);
  tell_executor(number, after_ns);
}

void Wires::close(NodeNumber requester, NodeNumber executor) {
  const auto found = by_ends_.find(key(requester, executor));
  if (found == by_ends_.end()) return;
  const LinkNumber number = found->second;
  by_ends_.erase(found);
  find(number)->requester_up = false;
  const uint64_t there_ns = delay_ns(requester, executor, kPatienceNs);
  tell_executor(number, there_ns == 0 ? kPatienceNs : there_ns);
  drop_if_down(number);
}

void Wires::close(mesh::StreamId stream) {
  const auto number = static_cast<LinkNumber>(stream);
  Link* const link = find(number);
  if (link == nullptr) return;
  link->executor_up = false;
  const uint64_t back_ns = delay_ns(link->executor, link->requester, kPatienceNs);
  tell_requester(number, back_ns == 0 ? kPatienceNs : back_ns, "closed by the executor");
  drop_if_down(number);
}

void Wires::say(NodeNumber requester, NodeNumber executor, Message message) {
  const auto found = by_ends_.find(key(requester, executor));
  if (found != by_ends_.end()) send(found->second, true, std::move(message));
}

void Wires::reply(mesh::StreamId link, Message message) {
  send(static_cast<LinkNumber>(link), false, std::move(message));
}

void Wires::send(LinkNumber number, bool to_executor, Message message) {
  Link* const link = find(number);
  if (link == nullptr) return;
  ++messages_;
  const NodeNumber from = to_executor ? link->requester : link->executor;
  const NodeNumber to = to_executor ? link->executor : link->requester;
  const uint64_t after_ns = delay_ns(from, to, kPatienceNs);
  if (after_ns == 0) return break_link(number, kPatienceNs, "timed out");
  uint64_t& arrives_ns = link->arrives_ns[to_executor ? 0 : 1];
  arrives_ns = std::max(arrives_ns, events_.now_ns() + after_ns);
  events_.at(arrives_ns, [this, number, to_executor, message = std::move(message)]() mutable {
    const Link* const now = find(number);
    if (now == nullptr || !(to_executor ? now->executor_up : now->requester_up)) return;
    LinkEnd* const end = end_of_(to_executor ? now->executor : now->requester);
    if (end == nullptr) return;
    if (to_executor) return end->received(mesh::StreamId{number}, std::move(message));
    end->heard(now->executor, std::move(message));
  });
}

void Wires::gone(NodeNumber node, bool silently) {
  const auto of = of_node_.find(node);
  if (of == of_node_.end()) return;
  const std::vector<LinkNumber> links = of->second;
  for (const LinkNumber number : links) {
    Link* const link = find(number);
    if (link == nullptr) continue;
    const NodeNumber other = link->requester == node ? link->executor : link->requester;
    const uint64_t told_ns = silently ? 0 : delay_ns(node, other, kPatienceNs);
    const uint64_t after_ns = told_ns == 0 ? kPatienceNs : told_ns;
    if (link->requester == node) {
      if (link->requester_up) by_ends_.erase(key(link->requester, link->executor));
      link->requester_up = false;
    }
    if (link->executor == node) link->executor_up = false;
    if (link->executor_up) tell_executor(number, after_ns);
    if (link->requester_up) tell_requester(number, after_ns, silently ? "timed out" : "reset");
    drop_if_down(number);
  }
}

void Wires::break_one() {
  if (links_.empty()) return;
  // By number, so that it does not depend on how the table lies in memory.
  const LinkNumber at = 1 + dice_.below(last_);
  for (LinkNumber number = at; number <= last_; ++number) {
    if (find(number) != nullptr) return break_link(number, 0, "connection reset");
  }
}

}  // namespace timerose::sim::jobs
