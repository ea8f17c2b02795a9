// What to announce to the DHT next: pure. New blocks at once; all of them again within each
// interval, spread over it in the order of their places in the DHT's key space, so that neighbours
// are announced together, to the same peers.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <vector>

#include "base/bytes.h"

namespace timerose::exchange {

// Records are kept for 24 h by those who follow the older rule.
inline constexpr uint64_t kReprovideIntervalNs = 22ULL * 3600 * 1'000'000'000;

class ProvidePlan {
 public:
  // The sweep goes on from `swept_until_ns`, a moment of the Unix clock as swept_until_ns() gave
  // it before the node ended; 0: everything is due.
  explicit ProvidePlan(uint64_t now_ns, uint64_t swept_until_ns = 0,
                       uint64_t interval_ns = kReprovideIntervalNs);

  // To be announced from now on: `is_new` at once, else when the sweep comes by.
  void add(ByteView multihash, bool is_new);
  void remove(ByteView multihash);

  // Those that are due, `max` at most: new ones, then those that the sweep has reached.
  std::vector<Bytes> take_due(uint64_t now_ns, size_t max);
  // When more will be due; UINT64_MAX if there is nothing to announce.
  [[nodiscard]] uint64_t next_due_ns(uint64_t now_ns) const;

  [[nodiscard]] uint64_t swept_until_ns() const { return moment_of(round_, swept_.place); }
  [[nodiscard]] size_t size() const { return entries_.size(); }
  [[nodiscard]] size_t new_waiting() const { return new_.size(); }

 private:
  // The place first, so that the set is in the order of the key space.
  struct Entry {
    uint64_t place = 0;  // the first bits of the multihash's key
    Bytes multihash;
    auto operator<=>(const Entry&) const = default;
  };
  using Entries = std::set<Entry>;

  static Entry entry_of(ByteView multihash);
  [[nodiscard]] uint64_t moment_of(uint64_t round, uint64_t place) const;
  void sweep_to(uint64_t now_ns);

  const uint64_t interval_ns_;
  // The sweep is in this round, which began at round_ * interval_ns_ of the Unix clock, behind this
  // entry.
  uint64_t round_ = 0;
  Entry swept_;
  Entries entries_;
  std::deque<Bytes> new_;
};

}  // namespace timerose::exchange
