// Why a call was placed where it was, or could not be: for people, and as a value for JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ipld/value.h"
#include "scheduler/placement/placement.h"

namespace timerose::scheduler {

struct Explanation {
  struct Line {
    PeerId peer;
    Why why = Why::kRandom;
    Cost cost;
    uint64_t move_bytes = 0;
    std::string rejected;  // empty: it fits
  };
  // Of one hard requirement, over all nodes; only made when no node fits.
  struct Miss {
    std::string term;
    size_t nodes_failed = 0;
    bool label_unknown = false;     // no node has a label of this name
    std::optional<PeerId> nearest;  // of those that failed it
    std::string nearest_has;
  };

  size_t nodes = 0;        // known
  size_t nodes_taken = 0;  // by other copies of the call
  size_t nodes_avoided = 0;
  std::vector<Line> lines;  // as the decision has them: the first fitting one is the cheapest
  std::vector<Miss> misses;
  std::string apart;  // in what others do not differ from those that were taken: "label.zone"
  size_t nodes_without_memory = 0;
  uint64_t memory_bytes = 0;          // that the call may use
  std::optional<PeerId> most_memory;  // of those without enough, who has the most free
  uint64_t most_memory_bytes = 0;
  size_t nodes_not_trusted = 0;
  // Where more nodes are wanted, for copies or a quorum, than fit: how many do, and why no more.
  std::string shortage;
  bool is_too_few = false;  // so that it cannot be run

  // "no node fits: ..." if none does, else empty.
  [[nodiscard]] std::string refusal() const;
  [[nodiscard]] Value to_value() const;
};

Explanation explain(const CallToPlace& call, const Decision& decision, const NodeIndex& nodes,
                    NodeRef self);

// The round trip, measured or else to be expected; 0 to itself.
double distance_s(const NodeIndex& nodes, NodeRef self, NodeRef node);

// "holder", for JSON.
const char* why_name(Why why);

}  // namespace timerose::scheduler
