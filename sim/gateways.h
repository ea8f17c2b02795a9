// Made-up HTTP gateways: each serves what one node has, as well or as badly as it is made.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exchange/source_policy.h"
#include "sim/world.h"

namespace timerose::sim {

class Gateways {
 public:
  enum class Manner {
    kGood,
    kSlow,
    kBusy,    // refuses now and then, and says until when
    kFails,   // breaks off, most of the time
    kStalls,  // is given up by who asks, after kStallNs
    kLies,    // sends other bytes
  };
  static constexpr uint64_t kManners = 6;
  static constexpr uint64_t kStallNs = 10 * kSecond;

  // The block as the node of a gateway has it, or nothing.
  using Look = std::function<const Block*(NodeNumber node, const Cid& cid)>;
  Gateways(World& world, uint64_t seed, Look look)
      : world_(world), dice_(seed), look_(std::move(look)) {}

  void add(NodeNumber of, Manner manner);
  [[nodiscard]] size_t size() const { return all_.size(); }
  [[nodiscard]] std::string name(size_t gateway) const {
    return "gateway" + std::to_string(gateway);
  }
  [[nodiscard]] size_t number(const std::string& name) const { return std::stoul(name.substr(7)); }
  // The gateways of a node.
  [[nodiscard]] std::vector<size_t> of(NodeNumber node) const;
  [[nodiscard]] Manner manner(size_t gateway) const { return all_[gateway].manner; }

  using Ended = std::function<void(const exchange::Came& came, const Block* block)>;
  void get(size_t gateway, const Cid& cid, Ended ended);

 private:
  struct Gateway {
    NodeNumber of;
    Manner manner;
  };
  exchange::Came answer(const Gateway& gateway, const Block* block, uint64_t latency_ns);

  World& world_;
  Dice dice_;
  const Look look_;
  std::vector<Gateway> all_;
};

}  // namespace timerose::sim
