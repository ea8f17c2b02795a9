// Which nodes hold an object, as far as this node has heard: providers found in the DHT, blocks
// offered by Bitswap, and outputs of calls that it placed.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "scheduler/bounded_table.h"
#include "scheduler/placement/node_ref.h"

namespace timerose::scheduler {

class Holders {
 public:
  static constexpr size_t kObjectsMax = 262'144;
  static constexpr size_t kHoldersMax = 8;  // remembered of one object; of more, the latest

  explicit Holders(uint64_t secret, size_t objects_max = kObjectsMax)
      : objects_(objects_max, secret) {}

  void add(const ContentKey& object, NodeRef holder);
  // It was asked, and has it no more.
  void remove(const ContentKey& object, NodeRef holder);
  // Some may have left the mesh since. Valid until the next add().
  [[nodiscard]] std::span<const NodeRef> of(const ContentKey& object);
  void prefetch(const ContentKey& object) const { objects_.prefetch(object); }
  [[nodiscard]] size_t objects() const { return objects_.size(); }

 private:
  struct Record {
    std::array<NodeRef, kHoldersMax> nodes{};
    uint32_t count = 0;
    uint32_t next = 0;  // to be replaced
  };
  BoundedTable<Record> objects_;
};

}  // namespace timerose::scheduler
