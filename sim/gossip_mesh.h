// A made-up Gossipsub mesh of one topic: who is connected, who passes messages on to whom, and what
// each node receives of that, copies and offers of ids apart.
//
// Meshes are kept as libp2p keeps them, a heartbeat at a time: a node that has too few peers grafts
// more, one that has too many prunes, and who was pruned does not come back for a while. All peers
// have the same score.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/dice.h"

namespace timerose::sim {

// Of the topic of adverts, as bridge/src/host/pubsub.rs sets them.
struct GossipSettings {
  size_t degree = 5;
  size_t degree_min = 4;  // with fewer, it grafts
  size_t degree_max = 6;  // with as many, it prunes
  size_t offered_peers = 3;
  double offered_share = 0.04;  // of the peers outside the mesh, if that is more
  size_t offered_heartbeats = 2;
};

class GossipMesh {
 public:
  static constexpr double kHeartbeat_s = 1;
  static constexpr uint64_t kBackoffHeartbeats = 60;

  // Each node dials so many others at random, and is dialed as often.
  GossipMesh(size_t nodes, size_t dials, const GossipSettings& settings, Dice& dice);

  // Of every node once.
  void heartbeat();
  // Follows one message; gives how many other nodes it came to.
  uint64_t flood(uint32_t from);

  [[nodiscard]] size_t degree(uint32_t node) const { return nodes_[node].peers.size(); }
  // By node: copies of messages, and ids that were offered to it.
  [[nodiscard]] const std::vector<uint64_t>& copies() const { return copies_; }
  [[nodiscard]] const std::vector<uint64_t>& offers() const { return offers_; }

 private:
  struct Connection {
    uint32_t to = 0;
    bool dialed = false;  // by the node whose it is
  };
  struct Pruned {
    uint32_t peer = 0;
    uint64_t until = 0;  // heartbeat
  };
  struct Node {
    std::vector<Connection> connections;
    std::vector<uint32_t> peers;  // of its mesh
    std::vector<Pruned> pruned;
  };

  void connect(uint32_t from, uint32_t to);
  void graft(uint32_t node);
  void prune(uint32_t node);
  void part(uint32_t a, uint32_t b);
  [[nodiscard]] bool may_graft(const Node& node, uint32_t peer) const;
  void offer(uint32_t node);

  const GossipSettings settings_;
  Dice& dice_;
  std::vector<Node> nodes_;
  std::vector<uint64_t> copies_;
  std::vector<uint64_t> offers_;
  uint64_t now_ = 0;  // heartbeats
};

}  // namespace timerose::sim
