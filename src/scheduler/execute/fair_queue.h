// Work that waits for a place, shared fairly between those who asked for it: the next is of the
// requester that has been served least, of its work the one with the greatest priority, of these
// the oldest. So a requester's priorities and the length of its queue cost nobody else.
//
// Served is measured in nanoseconds of use. Who comes back after a pause starts level with the
// others: a pause saves nothing up, and once nothing waits or runs all are level.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "multiformats/peer_id.h"

namespace timerose::scheduler::execute {

class FairQueue {
 public:
  // What a piece of work is taken to use until it has ended.
  static constexpr uint64_t kAssumedNs = 20'000;
  // Beyond so many, requesters without any work here are forgotten: they start level again.
  static constexpr size_t kRequestersMax = 1024;

  // One piece of work. `id` is the caller's.
  struct Ticket {
    PeerId requester;
    uint32_t priority = 0;
    uint64_t number = 0;
  };
  // `taken_max`: of this requester's work so much may be taken and not ended, from now on.
  Ticket push(const PeerId& requester, uint32_t priority, uint64_t id,
              uint32_t taken_max = UINT32_MAX);
  void remove(const Ticket& ticket);

  using MayTake = std::function<bool(const PeerId& requester)>;
  // Takes the next, whose requester has less than `of_requester_max` taken and not ended; if that
  // is said, only of requesters that may.
  std::optional<uint64_t> pop(uint32_t of_requester_max, const MayTake& may_take = {});
  // What was taken has ended after this long.
  void ended(const PeerId& requester, uint64_t used_ns);

  [[nodiscard]] size_t size() const { return size_; }
  // Of whom it is remembered how much they were served.
  [[nodiscard]] size_t requesters() const { return lanes_.size(); }

 private:
  struct Order {
    uint32_t behind;  // the greatest priority has the least
    uint64_t number;
    auto operator<=>(const Order&) const = default;
  };
  struct Lane {
    std::map<Order, uint64_t> waiting;
    uint64_t served_ns = 0;
    uint32_t running = 0;
    uint32_t running_max = UINT32_MAX;
  };
  using Lanes = std::map<PeerId, Lane>;

  static Order order_of(const Ticket& ticket) {
    return {UINT32_MAX - ticket.priority, ticket.number};
  }
  static bool has_work(const Lane& lane) { return !lane.waiting.empty() || lane.running > 0; }
  // A lane without work is worth keeping only while it has been served more than others.
  [[nodiscard]] bool is_forgettable(const Lane& lane) const {
    return !has_work(lane) && lane.served_ns <= level_ns_;
  }

  Lanes lanes_;
  uint64_t level_ns_ = 0;  // how much those who are being served have been served
  uint64_t numbers_ = 0;
  size_t size_ = 0;
  size_t running_ = 0;  // of all
};

}  // namespace timerose::scheduler::execute
