#include "sim/jobs/free_holders.h"

#include <algorithm>

#include "sim/jobs/mesh_node.h"

namespace timerose::sim::jobs {

void FreeHolders::probed(const Cid& name, NodeNumber asker, const compute::Invocation& call) {
  Call& noted = calls_[name];
  const uint64_t now_ns = world_.events.now_ns();
  if (noted.placed_ns == now_ns) return;  // several nodes are asked at once
  noted.asker = asker;
  noted.placed_ns = now_ns;
  noted.free = free_holders(asker, call);
}

void FreeHolders::offered(const Cid& name, NodeNumber asker, const compute::Invocation& call) {
  if (!calls_.contains(name)) probed(name, asker, call);
}

void FreeHolders::moves(const Cid& name, NodeNumber executor, const compute::Invocation& call,
                        uint64_t bytes) {
  const auto found = calls_.find(name);
  if (found == calls_.end()) return;
  const NodeNumber asker = found->second.asker;
  const uint64_t now_ns = world_.events.now_ns();
  const uint64_t sent_ns = now_ns - std::min(now_ns, world_.geography.latency_ns(asker, executor));
  uint64_t otherwise_ns = UINT64_MAX;
  bool too_late = false;
  for (const NodeNumber holder : free_holders(asker, call)) {
    if (holder == executor) continue;
    if (std::ranges::find(found->second.free, holder) == found->second.free.end()) {
      too_late = true;
      continue;
    }
    const uint64_t begins_ns = sent_ns + world_.geography.latency_ns(asker, holder) +
                               world_.nodes[holder]->runner().compile_ns(call.module);
    otherwise_ns = std::min(otherwise_ns, begins_ns);
  }
  if (otherwise_ns != UINT64_MAX) {
    found->second.moving.push_back({executor, bytes, otherwise_ns});
  } else if (too_late) {
    ++world_.books.totals.moving_too_late;
  }
}

void FreeHolders::begins(const Cid& name, NodeNumber executor, uint64_t compile_ns) {
  const auto found = calls_.find(name);
  if (found == calls_.end()) return;
  auto& moving = found->second.moving;
  const auto one = std::ranges::find(moving, executor, &Moving::executor);
  if (one == moving.end()) return;
  Totals& totals = world_.books.totals;
  if (world_.events.now_ns() + compile_ns <= one->otherwise_ns) {
    ++totals.moving_sooner;
  } else {
    ++totals.moving_needlessly;
    totals.bytes_needlessly += one->bytes;
  }
  moving.erase(one);
}

// They hold the function and all inputs, can be reached, and have a free core.
std::vector<NodeNumber> FreeHolders::free_holders(NodeNumber asker,
                                                  const compute::Invocation& call) const {
  std::vector<ObjectNumber> wanted{*world_.catalogue.find(call.module)};
  for (const Cid& input : call.inputs) {
    if (const auto object = world_.catalogue.find(input)) wanted.push_back(*object);
  }
  const auto holders_of = [&](ObjectNumber object) -> const std::vector<NodeNumber>& {
    return world_.catalogue.object(object).holders;
  };
  const ObjectNumber rarest = *std::ranges::min_element(
      wanted, {}, [&](ObjectNumber object) { return holders_of(object).size(); });
  std::vector<NodeNumber> out;
  for (const NodeNumber node : holders_of(rarest)) {
    if (!world_.present(node) || !world_.omniscient.has_free_core(node)) continue;
    if (world_.geography.apart_until_ns(asker, node, world_.events.now_ns()) != 0) continue;
    const bool holds_all = std::ranges::all_of(
        wanted, [&](ObjectNumber object) { return world_.catalogue.holds(node, object); });
    if (holds_all) out.push_back(node);
  }
  return out;
}

}  // namespace timerose::sim::jobs
