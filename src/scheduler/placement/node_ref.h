// A node as placement names it: its place in the NodeIndex, and which of the nodes that had this
// place it is, so that what was noted of a node that left is not taken for the next one.
#pragma once

#include <cstdint>

namespace timerose::scheduler {

class NodeRef {
 public:
  static constexpr uint32_t kSlotBits = 24;
  static constexpr uint32_t kSlotsMax = 1U << kSlotBits;

  NodeRef() = default;
  NodeRef(uint32_t slot, uint32_t generation) : bits_(slot | generation << kSlotBits) {}
  [[nodiscard]] uint32_t slot() const { return bits_ & (kSlotsMax - 1); }
  [[nodiscard]] uint32_t generation() const { return bits_ >> kSlotBits; }
  [[nodiscard]] uint32_t bits() const { return bits_; }
  bool operator==(const NodeRef&) const = default;

 private:
  uint32_t bits_ = 0;
};

}  // namespace timerose::scheduler
