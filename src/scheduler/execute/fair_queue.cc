#include "scheduler/execute/fair_queue.h"

#include <algorithm>

#include "base/check.h"

namespace timerose::scheduler::execute {

FairQueue::Ticket FairQueue::push(const PeerId& requester, uint32_t priority, uint64_t id,
                                  uint32_t taken_max) {
  if (lanes_.size() >= kRequestersMax && !lanes_.contains(requester)) {
    std::erase_if(lanes_, [](const auto& one) { return !has_work(one.second); });
  }
  Lane& lane = lanes_[requester];
  if (!has_work(lane)) lane.served_ns = std::max(lane.served_ns, level_ns_);
  lane.running_max = taken_max;
  const Ticket ticket{requester, priority, ++numbers_};
  lane.waiting.emplace(order_of(ticket), id);
  ++size_;
  return ticket;
}

void FairQueue::remove(const Ticket& ticket) {
  const auto lane = lanes_.find(ticket.requester);
  if (lane == lanes_.end() || lane->second.waiting.erase(order_of(ticket)) == 0) return;
  --size_;
}

std::optional<uint64_t> FairQueue::pop(uint32_t of_requester_max, const MayTake& may_take) {
  std::erase_if(lanes_, [this](const auto& one) { return is_forgettable(one.second); });
  auto next = lanes_.end();
  for (auto one = lanes_.begin(); one != lanes_.end(); ++one) {
    const Lane& lane = one->second;
    if (lane.waiting.empty() || lane.running >= std::min(of_requester_max, lane.running_max))
      continue;
    if (may_take && !may_take(one->first)) continue;
    if (next == lanes_.end() || lane.served_ns < next->second.served_ns) next = one;
  }
  if (next == lanes_.end()) return std::nullopt;
  Lane& lane = next->second;
  const uint64_t id = lane.waiting.begin()->second;
  lane.waiting.erase(lane.waiting.begin());
  --size_;
  ++lane.running;
  ++running_;
  level_ns_ = std::max(level_ns_, lane.served_ns);
  lane.served_ns += kAssumedNs;
  return id;
}

void FairQueue::ended(const PeerId& requester, uint64_t used_ns) {
  const auto lane = lanes_.find(requester);
  CHECK(lane != lanes_.end() && lane->second.running > 0);
  --lane->second.running;
  if (used_ns > kAssumedNs) lane->second.served_ns += used_ns - kAssumedNs;
  if (--running_ == 0 && size_ == 0) lanes_.clear();
}

}  // namespace timerose::scheduler::execute
