#include "sim/jobs/mesh_world.h"

#include <algorithm>
#include <cstring>

#include "sim/jobs/mesh_node.h"

namespace timerose::sim::jobs {
namespace {

constexpr size_t kHoldersLookedAt = 48;
constexpr uint64_t kEpoch_ms = 1'800'000'000'000;

}  // namespace

size_t MeshWorld::PeerHash::operator()(const PeerId& id) const {
  size_t out = 0;
  const ByteView bytes = id.bytes();
  std::memcpy(&out, bytes.data() + bytes.size() - sizeof(out), sizeof(out));
  return out;
}

MeshWorld::MeshWorld(const Scenario& given, uint64_t with_seed, Sabotage broken)
    : scenario(given),
      seed(with_seed),
      sabotage(std::move(broken)),
      dice(with_seed),
      geography(scenario, events.now_ns(), dice.seed()),
      flows(events, geography, scenario.nodes),
      catalogue(scenario, dice.seed()),
      wires(events, geography, scenario.faults.loss, dice.seed(),
            [this](NodeNumber node) -> LinkEnd* {
              return present(node) ? nodes[node].get() : nullptr;
            }),
      memos(scenario.nodes) {
  const auto skew = static_cast<double>(scenario.faults.skew_ms);
  for (NodeNumber node = 0; node < scenario.nodes; ++node) {
    ids_.push_back(PeerId::of(key_of(node).public_key()));
    numbers_.emplace(ids_.back(), node);
    skews_ms_.push_back(static_cast<int32_t>(skew * (2 * dice.unit() - 1)));
  }
}

MeshWorld::~MeshWorld() = default;

PrivateKey MeshWorld::key_of(NodeNumber node) const {
  std::array<uint8_t, 32> bytes{};
  std::memcpy(bytes.data(), &node, sizeof(node));
  std::memcpy(bytes.data() + sizeof(node), &seed, sizeof(seed));
  return PrivateKey::from_seed(bytes);
}

bool MeshWorld::present(NodeNumber node) const {
  return node < nodes.size() && nodes[node]->is_up();
}

uint64_t MeshWorld::unix_ms(NodeNumber node) const {
  return kEpoch_ms + now_ms() + static_cast<uint64_t>(int64_t{skews_ms_[node]});
}

void MeshWorld::after(NodeNumber node, uint64_t delay_ns, EventQueue::Action action) {
  events.after(delay_ns, [this, node, life = nodes[node]->life(), action = std::move(action)] {
    if (nodes[node]->is_up() && nodes[node]->life() == life) action();
  });
}

std::optional<NodeNumber> MeshWorld::nearest_holder(ObjectNumber object, NodeNumber from) {
  const std::vector<NodeNumber>& holders = catalogue.object(object).holders;
  const bool many = holders.size() > kHoldersLookedAt;
  std::optional<NodeNumber> best;
  uint64_t best_ns = UINT64_MAX;
  for (size_t i = 0; i < std::min(holders.size(), kHoldersLookedAt); ++i) {
    const NodeNumber holder = many ? holders[dice.below(holders.size())] : holders[i];
    if (holder == from || !present(holder)) continue;
    if (geography.apart_until_ns(holder, from, events.now_ns()) != 0) continue;
    // A busy sender is as good as one farther away.
    const uint64_t way_ns =
        geography.latency_ns(holder, from) + flows.at(holder) * 10 * kMillisecond;
    if (way_ns >= best_ns) continue;
    best = holder;
    best_ns = way_ns;
  }
  return best;
}

}  // namespace timerose::sim::jobs
