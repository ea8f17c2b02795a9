// What to announce to the DHT next: pure. New blocks at once; all of them again within each
// interval, spread over it in the order of their places in the DHT's key space, so that neighbours
// are announced together, to the same peers.
//
// Only the blocks of one region of the key space are held at a time: the plan says which region is
// due, and whoever drives it lists the blocks that are there.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "blockstore/multihash_set.h"

namespace timerose::exchange {

// Records are kept for 24 h by those who follow the older rule.
inline constexpr uint64_t kReprovideIntervalNs = 22ULL * 3600 * 1'000'000'000;

// From place `first` to place `last`: a place is the first bits of the sha2-256 of a multihash.
struct KeyRegion {
  uint64_t first = 0;
  uint64_t last = UINT64_MAX;
  bool operator==(const KeyRegion&) const = default;
};

// The blocks of one region, in the order of their places.
class RegionBlocks {
 public:
  // Of a region that turns out to hold more, the second half is let go, as often as need be.
  static constexpr size_t kBlocksMax = 65536;

  explicit RegionBlocks(const KeyRegion& region) : region_(region) {}
  // One of all blocks there are, in any order; those of other regions are passed over.
  void see(ByteView multihash);

  [[nodiscard]] const KeyRegion& region() const { return region_; }
  [[nodiscard]] size_t size() const { return blocks_.size(); }
  [[nodiscard]] uint64_t seen() const { return seen_; }  // those of other regions too

 private:
  friend class ProvidePlan;
  KeyRegion region_;
  std::multimap<uint64_t, Bytes> blocks_;  // by place
  uint64_t seen_ = 0;
};

class ProvidePlan {
 public:
  // Regions are this small at least, so that what is listed is not much older than it is announced.
  static constexpr int kRegionBitsMin = 5;
  // New blocks that wait; more are left to the sweep.
  static constexpr size_t kNewMax = 1U << 16;

  // The sweep goes on from `swept_until_ns`, a moment of the Unix clock as swept_until_ns() gave
  // it before the node ended; 0: everything is due.
  explicit ProvidePlan(uint64_t now_ns, uint64_t swept_until_ns = 0,
                       uint64_t interval_ns = kReprovideIntervalNs);

  // To be announced once as soon as may be; `urgent` before those that are not.
  void announce(ByteView multihash, bool urgent);

  // The region that the sweep comes to, while it is not held: nothing before its moment.
  [[nodiscard]] std::optional<KeyRegion> region_due(uint64_t now_ns) const;
  // What is in it, or in its first part.
  void take_region(RegionBlocks blocks);

  enum class Hurry { kAll, kOnlyUrgent };
  // Those that are due, `max` at most: urgent ones, other new ones, then those that the sweep has
  // reached.
  std::vector<Bytes> take_due(uint64_t now_ns, size_t max, Hurry hurry = Hurry::kAll);
  // When more will be due, or a region.
  [[nodiscard]] uint64_t next_due_ns(uint64_t now_ns) const;

  // Everything is due again.
  void sweep_again(uint64_t now_ns);

  [[nodiscard]] uint64_t swept_until_ns() const;
  [[nodiscard]] uint64_t interval_ns() const { return interval_ns_; }
  [[nodiscard]] size_t new_waiting() const { return urgent_.size() + new_.size(); }
  [[nodiscard]] uint64_t new_left_out() const { return new_left_out_; }
  // Of urgent blocks, those that wait: to be kept by a node that ends.
  [[nodiscard]] const std::deque<Bytes>& urgent_waiting() const { return urgent_; }
  // Blocks that were seen when the last region was listed.
  [[nodiscard]] uint64_t blocks_seen() const { return blocks_seen_; }
  [[nodiscard]] uint64_t regions_taken() const { return regions_taken_; }

 private:
  [[nodiscard]] uint64_t moment_of(uint64_t round, uint64_t place) const;
  void sweep_from(uint64_t moment_ns);
  void end_region();

  const uint64_t interval_ns_;
  // The sweep is in this round, which began at round_ * interval_ns_ of the Unix clock, and in this
  // region, of which blocks_ are still to be announced.
  uint64_t round_ = 0;
  KeyRegion region_;
  bool held_ = false;
  std::multimap<uint64_t, Bytes> blocks_;
  int region_bits_ = kRegionBitsMin;  // a region is the places that begin with the same bits
  std::deque<Bytes> urgent_;
  std::deque<Bytes> new_;
  MultihashSet new_known_;  // what is in the two
  uint64_t new_left_out_ = 0;
  uint64_t blocks_seen_ = 0;
  uint64_t regions_taken_ = 0;
};

}  // namespace timerose::exchange
