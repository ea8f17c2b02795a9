#include "sim/jobs/omniscient.h"

#include <tuple>

#include "sim/jobs/mesh_node.h"

namespace timerose::sim::jobs {

std::optional<NodeNumber> place_knowing_all(MeshWorld& world, NodeNumber asker,
                                            const compute::Invocation& call) {
  std::vector<ObjectNumber> wanted{*world.catalogue.find(call.module)};
  for (const Cid& input : call.inputs) {
    if (const auto object = world.catalogue.find(input)) wanted.push_back(*object);
  }
  std::optional<NodeNumber> best;
  std::tuple<uint64_t, uint64_t, uint64_t> least{};
  for (NodeNumber node = 0; node < world.nodes.size(); ++node) {
    if (!world.present(node)) continue;
    if (world.geography.apart_until_ns(asker, node, world.events.now_ns()) != 0) continue;
    uint64_t bytes = 0;
    for (const ObjectNumber object : wanted) {
      if (!world.catalogue.holds(node, object)) bytes += world.catalogue.object(object).bytes;
    }
    const Runner& runner = world.nodes[node]->runner();
    const auto load = runner.load();
    const uint64_t work = load.running + load.waiting;
    const uint64_t queue = work < runner.cores() ? 0 : work;
    const std::tuple cost{queue, bytes, world.geography.latency_ns(asker, node)};
    if (best && cost >= least) continue;
    best = node;
    least = cost;
  }
  return best;
}

}  // namespace timerose::sim::jobs
