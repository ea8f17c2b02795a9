#include "sim/world.h"

namespace timerose::sim {
namespace {

PeerId made_up_id(NodeNumber node) {
  PublicKey key;
  std::memcpy(key.bytes.data(), &node, sizeof(node));
  return PeerId::of(key);
}

}  // namespace

const PeerId& World::id_of(NodeNumber node) {
  while (ids_.size() <= node) {
    const auto number = static_cast<NodeNumber>(ids_.size());
    ids_.push_back(made_up_id(number));
    numbers_.emplace(as_text(ids_.back().bytes()), number);
  }
  return ids_[node];
}

NodeNumber World::node_of(const PeerId& id) {
  return numbers_.at(std::string(as_text(id.bytes())));
}

void World::find_providers(const Cid& cid, Found found) {
  ++counts.searches;
  std::vector<PeerId> providers;
  if (const File* file = content.file_of(cid)) {
    for (NodeNumber node : file->providers) providers.push_back(id_of(node));
  }
  const uint64_t first_ns = dice.between(20 * kMillisecond, 2 * kSecond);
  const bool never_ends = dice.chance(kSearchNeverEnds);
  if (dice.chance(0.5) && providers.size() > 1) {
    std::vector<PeerId> half(providers.begin(),
                             providers.begin() + static_cast<ptrdiff_t>(providers.size() / 2));
    providers.erase(providers.begin(), providers.begin() + static_cast<ptrdiff_t>(half.size()));
    events.after(first_ns, [found, half = std::move(half)] { found(half, false); });
  }
  events.after(first_ns + dice.below(kSecond), [found, providers = std::move(providers),
                                                never_ends] { found(providers, !never_ends); });
}

}  // namespace timerose::sim
