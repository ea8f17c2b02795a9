// What nodes know of answers: each has on its disk those of the calls that it executed, and the
// routing names it for those that took long enough to be announced.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "multiformats/cid.h"
#include "sim/network.h"

namespace timerose::sim::jobs {

struct KnownAnswer {
  Bytes outcome;  // the block
  uint64_t fuel = 0;
};

class Memos {
 public:
  // What took less is not announced (docs/reference/jobs.md).
  static constexpr uint64_t kAnnounceFromNs = 200 * kMillisecond;

  explicit Memos(uint64_t nodes) : of_(nodes) {}

  void keep(NodeNumber node, const Cid& invocation, KnownAnswer answer, uint64_t took_ns) {
    const bool is_new = of_[node].emplace(invocation, std::move(answer)).second;
    if (is_new && took_ns >= kAnnounceFromNs) announced_[invocation].push_back(node);
  }
  [[nodiscard]] const KnownAnswer* find(NodeNumber node, const Cid& invocation) const {
    const auto found = of_[node].find(invocation);
    return found == of_[node].end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::span<const NodeNumber> announced(const Cid& invocation) const {
    const auto found = announced_.find(invocation);
    if (found == announced_.end()) return {};
    return found->second;
  }

 private:
  std::vector<std::unordered_map<Cid, KnownAnswer>> of_;
  std::unordered_map<Cid, std::vector<NodeNumber>> announced_;
};

}  // namespace timerose::sim::jobs
