// The made-up DHT: records that expire, answers that take their time, and liars among them. Only
// the root of a file is announced here; whoever asks for a leaf is told who has the root, as if all
// had been.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/world.h"

namespace timerose::sim {

// The ratio of the two is that of real ones: 22 hours and 24.
inline constexpr uint64_t kSweepIntervalNs = 44 * kSecond;
inline constexpr uint64_t kRecordLifetimeNs = 48 * kSecond;

class Routing {
 public:
  Routing(World& world, uint64_t seed) : world_(world), dice_(seed) {}

  // A node that says it has what it may not have; its records never expire.
  void lie(ByteView multihash, NodeNumber liar);

  // Both answer later. A record that could not be stored says why.
  void provide(NodeNumber node, ByteView multihash, std::function<void(std::string why)> ended);
  using Found = std::function<void(std::vector<NodeNumber> providers, bool ended)>;
  void find(ByteView multihash, Found found);

  [[nodiscard]] bool knows(ByteView multihash, NodeNumber provider) const;

 private:
  [[nodiscard]] std::vector<NodeNumber> providers(const std::string& key) const;
  // Of the root of the file that has the block.
  [[nodiscard]] std::string key_of(ByteView multihash) const;

  World& world_;
  Dice dice_;
  // By multihash: until when each is named.
  std::unordered_map<std::string, std::map<NodeNumber, uint64_t>> records_;
};

}  // namespace timerose::sim
