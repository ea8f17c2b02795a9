// Placement by somebody who knows everything at once, to measure the real one by. It decides when
// the real one does: once the routing has answered. Of the nodes with a free core it takes the one
// that lacks the fewest bytes, the nearest of equals; calls and objects that are on their way to a
// node count as there. What will be asked later it does not know.
#pragma once

#include <optional>
#include <unordered_set>
#include <vector>

#include "compute/invocation.h"
#include "sim/jobs/catalogue.h"
#include "sim/network.h"

namespace timerose::sim::jobs {

class MeshWorld;

class Omniscient {
 public:
  explicit Omniscient(MeshWorld& world);

  // Nothing if no node can be reached. The call is on its way to the node from then on.
  std::optional<NodeNumber> place(NodeNumber asker, const compute::Invocation& call);
  // An offer has come to the node.
  void arrived(NodeNumber node);
  // Calls on their way to it included.
  [[nodiscard]] bool has_free_core(NodeNumber node) const { return queue(node) == 0; }

 private:
  struct Sent {
    uint64_t calls = 0;  // that have not arrived
    std::unordered_set<uint32_t> objects;
  };
  [[nodiscard]] uint64_t lacking_bytes(NodeNumber node,
                                       const std::vector<ObjectNumber>& wanted) const;
  [[nodiscard]] uint64_t queue(NodeNumber node) const;

  MeshWorld& world_;
  std::vector<Sent> sent_;  // by node
};

}  // namespace timerose::sim::jobs
