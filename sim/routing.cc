#include "sim/routing.h"

namespace timerose::sim {
namespace {

constexpr double kProvideFails = 0.05;

}  // namespace

void Routing::lie(ByteView multihash, NodeNumber liar) {
  records_[std::string(as_text(multihash))][liar] = UINT64_MAX;
}

void Routing::provide(NodeNumber node, ByteView multihash,
                      std::function<void(std::string why)> ended) {
  const bool fails = dice_.chance(kProvideFails);
  world_.events.after(
      dice_.between(50 * kMillisecond, 300 * kMillisecond),
      [this, node, key = std::string(as_text(multihash)), fails, ended = std::move(ended)] {
        if (!fails && world_.network.present(node)) {
          records_[key][node] = world_.events.now_ns() + kRecordLifetimeNs;
        }
        ended(fails ? "nobody took it" : "");
      });
}

std::vector<NodeNumber> Routing::providers(const std::string& key) const {
  std::vector<NodeNumber> found;
  const auto entry = records_.find(key);
  if (entry == records_.end()) return found;
  for (const auto& [node, until_ns] : entry->second) {
    if (until_ns > world_.events.now_ns()) found.push_back(node);
  }
  return found;
}

std::string Routing::key_of(ByteView multihash) const {
  const auto leaf = Cid::make(1, Codec::kRaw, multihash);
  const File* const file = leaf.ok() ? world_.content.file_of(*leaf) : nullptr;
  return std::string(as_text(file == nullptr ? multihash : file->root.multihash_bytes()));
}

bool Routing::knows(ByteView multihash, NodeNumber provider) const {
  for (const NodeNumber node : providers(std::string(as_text(multihash)))) {
    if (node == provider) return true;
  }
  return false;
}

void Routing::find(ByteView multihash, Found found) {
  ++world_.counts.searches;
  const bool never_ends = dice_.chance(kSearchNeverEnds);
  const uint64_t first_ns = dice_.between(20 * kMillisecond, 2 * kSecond);
  world_.events.after(first_ns, [this, key = key_of(multihash), never_ends,
                                 found = std::move(found)] {
    std::vector<NodeNumber> all = providers(key);
    std::vector<NodeNumber> rest(all.begin() + static_cast<ptrdiff_t>(all.size() / 2), all.end());
    all.resize(all.size() / 2);
    if (!all.empty()) found(std::move(all), false);
    world_.events.after(dice_.below(kSecond), [found, rest = std::move(rest), never_ends] {
      if (!rest.empty()) found(rest, false);
      if (!never_ends) found({}, true);
    });
  });
}

}  // namespace timerose::sim
