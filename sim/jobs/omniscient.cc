#include "sim/jobs/omniscient.h"

#include <tuple>

#include "sim/jobs/mesh_node.h"

namespace timerose::sim::jobs {

Omniscient::Omniscient(MeshWorld& world) : world_(world), sent_(world.scenario.nodes) {}

std::optional<NodeNumber> Omniscient::place(NodeNumber asker, const compute::Invocation& call) {
  std::vector<ObjectNumber> wanted{*world_.catalogue.find(call.module)};
  for (const Cid& input : call.inputs) {
    if (const auto object = world_.catalogue.find(input)) wanted.push_back(*object);
  }
  std::optional<NodeNumber> best;
  std::tuple<uint64_t, uint64_t, uint64_t> least{};
  for (NodeNumber node = 0; node < world_.nodes.size(); ++node) {
    if (!world_.present(node)) continue;
    if (world_.geography.apart_until_ns(asker, node, world_.events.now_ns()) != 0) continue;
    const std::tuple cost{queue(node), lacking_bytes(node, wanted),
                          world_.geography.latency_ns(asker, node)};
    if (best && cost >= least) continue;
    best = node;
    least = cost;
  }
  if (!best) return best;
  ++sent_[*best].calls;
  for (const ObjectNumber object : wanted) {
    sent_[*best].objects.insert(static_cast<uint32_t>(object));
  }
  return best;
}

void Omniscient::arrived(NodeNumber node) {
  if (sent_[node].calls > 0) --sent_[node].calls;
}

uint64_t Omniscient::lacking_bytes(NodeNumber node, const std::vector<ObjectNumber>& wanted) const {
  uint64_t bytes = 0;
  for (const ObjectNumber object : wanted) {
    const bool has = world_.catalogue.holds(node, object) ||
                     sent_[node].objects.contains(static_cast<uint32_t>(object));
    if (!has) bytes += world_.catalogue.object(object).bytes;
  }
  return bytes;
}

// None while a core is free.
uint64_t Omniscient::queue(NodeNumber node) const {
  const Runner& runner = world_.nodes[node]->runner();
  const auto load = runner.load();
  const uint64_t work = load.running + load.waiting + sent_[node].calls;
  return work < runner.cores() ? 0 : work;
}

}  // namespace timerose::sim::jobs
