#include "sim/world.h"

#include <cstdio>

namespace timerose::sim {
namespace {

constexpr double kSearchNeverEnds = 0.03;

PeerId made_up_id(NodeNumber node) {
  PublicKey key;
  std::memcpy(key.bytes.data(), &node, sizeof(node));
  return PeerId::of(key);
}

}  // namespace

void World::fail(const std::string& what) {
  if (!failure_.empty()) return;
  char when[48];
  std::snprintf(when, sizeof(when),
                "at %.6f s: ", static_cast<double>(events.now_ns()) / static_cast<double>(kSecond));
  failure_ = when + what;
}

void World::note(NodeNumber node, const char* what, uint64_t detail) {
  uint64_t hash = fingerprint_ ^ events.now_ns();
  for (const char* letter = what; *letter != 0; ++letter) {
    hash = (hash ^ static_cast<uint8_t>(*letter)) * 0x100000001b3;
  }
  fingerprint_ = ((hash ^ node) * 0x100000001b3 ^ detail) * 0x9e3779b97f4a7c15;
  if (!trace) return;
  std::printf("%12.6f  node %-4u %s %llx\n",
              static_cast<double>(events.now_ns()) / static_cast<double>(kSecond), node, what,
              static_cast<unsigned long long>(detail));
}

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
