// Where the nodes of a mesh stand, what machines they are, and who is cut off from whom when.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/coordinate.h"
#include "sim/dice.h"
#include "sim/jobs/scenario.h"
#include "sim/network.h"

namespace timerose::sim::jobs {

struct Spot {
  float x_ms = 0;
  float y_ms = 0;
  float height_ms = 0;
  uint16_t region = 0;
  uint16_t machine = 0;
};

class Geography {
 public:
  Geography(const Scenario& scenario, uint64_t start_ns, uint64_t seed);

  [[nodiscard]] const Spot& spot(NodeNumber node) const { return spots_[node]; }
  [[nodiscard]] const Machine& machine(NodeNumber node) const {
    return scenario_.machines[spots_[node].machine];
  }
  // One way.
  [[nodiscard]] uint64_t latency_ns(NodeNumber a, NodeNumber b) const;
  // What the node believes of its place: right within a tenth.
  [[nodiscard]] scheduler::Coordinate coordinate(NodeNumber node, Dice& dice) const;

  // Until when the two are cut off from each other; 0 if they are not.
  [[nodiscard]] uint64_t apart_until_ns(NodeNumber a, NodeNumber b, uint64_t now_ns) const;
  // When the last partition has healed.
  [[nodiscard]] uint64_t healed_ns() const;

 private:
  struct Cut {
    uint64_t from_ns;
    uint64_t until_ns;
    std::vector<bool> away;  // by node: on which side it is
  };
  const Scenario& scenario_;
  std::vector<Spot> spots_;
  std::vector<Cut> cuts_;
};

// An element by its share; one at least has one.
template <typename List>
size_t pick_by_share(const List& list, Dice& dice) {
  double sum = 0;
  for (const auto& one : list) sum += one.share;
  double at = dice.unit() * sum;
  for (size_t i = 0; i < list.size(); ++i) {
    at -= list[i].share;
    if (at < 0 && list[i].share > 0) return i;
  }
  size_t last = list.size() - 1;
  while (list[last].share == 0) --last;
  return last;
}

}  // namespace timerose::sim::jobs
