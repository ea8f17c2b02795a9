// Which functions are known to be compiled where, or not, otherwise than by adverts: a fixed table
// of (node, function), of which one costs a decision a single line of memory. Where two of them
// meet, the older one gives way.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "scheduler/placement/node_ref.h"

namespace timerose::scheduler {

class WarmNotes {
 public:
  static constexpr size_t kNotesMax = 16'384;

  // `mark` is of the function (WarmSet::mark_of).
  void put(NodeRef node, uint32_t mark, bool is_warm) {
    if (entries_.empty()) entries_.resize(kNotesMax);
    const uint64_t key = key_of(node, mark);
    uint64_t* const pair = &entries_[place_of(key)];
    if ((pair[0] & ~kWarm) != key) pair[1] = pair[0];
    pair[0] = key | (is_warm ? kWarm : 0);
  }
  [[nodiscard]] std::optional<bool> find(NodeRef node, uint32_t mark) const {
    if (entries_.empty()) return std::nullopt;
    const uint64_t key = key_of(node, mark);
    const uint64_t* const pair = &entries_[place_of(key)];
    if ((pair[0] & ~kWarm) == key) return (pair[0] & kWarm) != 0;
    if ((pair[1] & ~kWarm) == key) return (pair[1] & kWarm) != 0;
    return std::nullopt;
  }
  void prefetch(NodeRef node, uint32_t mark) const {
    if (!entries_.empty()) __builtin_prefetch(&entries_[place_of(key_of(node, mark))]);
  }

 private:
  static constexpr uint64_t kWarm = 1;

  // Two different ones are the same once in 2^62, and never 0. Who chooses functions that meet in
  // one place only makes this node forget what it noted of them.
  static uint64_t key_of(NodeRef node, uint32_t mark) {
    uint64_t hash = (uint64_t{mark} << 32 | node.bits()) + 0x9e3779b97f4a7c15;
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
    return ((hash ^ hash >> 31) | 2) & ~kWarm;
  }
  static size_t place_of(uint64_t key) { return (key >> 16) % (kNotesMax / 2) * 2; }

  std::vector<uint64_t> entries_;  // by two: the newer one first
};

}  // namespace timerose::scheduler
