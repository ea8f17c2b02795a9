#include "sim/gossip_mesh.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace timerose::sim {
namespace {

constexpr uint64_t kHopMin_us = 10'000;
constexpr uint64_t kHopMax_us = 100'000;
constexpr size_t kTriesAPeer = 8;

bool contains(const std::vector<uint32_t>& list, uint32_t node) {
  return std::find(list.begin(), list.end(), node) != list.end();
}

}  // namespace

GossipMesh::GossipMesh(size_t nodes, size_t dials, const GossipSettings& settings, Dice& dice)
    : settings_(settings), dice_(dice), nodes_(nodes), copies_(nodes), offers_(nodes) {
  for (uint32_t node = 0; node < nodes; ++node) {
    for (size_t i = 0; i < std::min(dials, nodes - 1); ++i) {
      connect(node, static_cast<uint32_t>(dice_.below(nodes)));
    }
  }
}

void GossipMesh::connect(uint32_t from, uint32_t to) {
  const auto known = [to](const Connection& one) { return one.to == to; };
  if (from == to || std::ranges::any_of(nodes_[from].connections, known)) return;
  nodes_[from].connections.push_back({to, true});
  nodes_[to].connections.push_back({from, false});
}

void GossipMesh::heartbeat() {
  ++now_;
  const auto first = static_cast<uint32_t>(dice_.below(nodes_.size()));
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const auto at = static_cast<uint32_t>((first + i) % nodes_.size());
    Node& node = nodes_[at];
    std::erase_if(node.pruned, [this](const Pruned& one) { return one.until <= now_; });
    if (node.peers.size() < settings_.degree_min) graft(at);
    if (node.peers.size() >= settings_.degree_max) prune(at);
  }
}

void GossipMesh::graft(uint32_t at) {
  Node& node = nodes_[at];
  const size_t tries = kTriesAPeer * settings_.degree;
  for (size_t i = 0; i < tries && node.peers.size() < settings_.degree; ++i) {
    if (node.connections.empty()) return;
    const Connection one = node.connections[dice_.below(node.connections.size())];
    if (!may_graft(node, one.to)) continue;
    // A full mesh takes only peers that its node has dialed itself.
    if (nodes_[one.to].peers.size() >= settings_.degree_max && one.dialed) {
      part(at, one.to);
      continue;
    }
    node.peers.push_back(one.to);
    nodes_[one.to].peers.push_back(at);
  }
}

bool GossipMesh::may_graft(const Node& node, uint32_t peer) const {
  const auto is_peer = [peer](const Pruned& one) { return one.peer == peer; };
  return !contains(node.peers, peer) && std::ranges::none_of(node.pruned, is_peer);
}

void GossipMesh::prune(uint32_t at) {
  while (nodes_[at].peers.size() > settings_.degree) {
    part(at, nodes_[at].peers[dice_.below(nodes_[at].peers.size())]);
  }
}

void GossipMesh::part(uint32_t a, uint32_t b) {
  std::erase(nodes_[a].peers, b);
  std::erase(nodes_[b].peers, a);
  nodes_[a].pruned.push_back({b, now_ + kBackoffHeartbeats});
  nodes_[b].pruned.push_back({a, now_ + kBackoffHeartbeats});
}

// Whoever has a message offers its id to peers outside the mesh.
void GossipMesh::offer(uint32_t at) {
  const Node& node = nodes_[at];
  const size_t outside = node.connections.size() - node.peers.size();
  if (outside == 0) return;
  const auto share = static_cast<size_t>(settings_.offered_share * static_cast<double>(outside));
  const size_t most = std::min(outside, std::max(settings_.offered_peers, share));
  for (size_t left = most * settings_.offered_heartbeats; left > 0;) {
    const uint32_t to = node.connections[dice_.below(node.connections.size())].to;
    if (contains(node.peers, to)) continue;
    ++offers_[to];
    --left;
  }
}

uint64_t GossipMesh::flood(uint32_t from) {
  struct Crossing {
    uint64_t at_us;
    uint32_t to;
    uint32_t from;
    bool operator>(const Crossing& other) const { return at_us > other.at_us; }
  };
  std::vector<bool> has(nodes_.size());
  std::priority_queue<Crossing, std::vector<Crossing>, std::greater<>> crossings;
  const auto send = [&](uint64_t now_us, uint32_t node, uint32_t to) {
    crossings.push({now_us + dice_.between(kHopMin_us, kHopMax_us), to, node});
  };
  has[from] = true;
  // One's own is sent to all that are connected.
  for (const Connection& one : nodes_[from].connections) send(0, from, one.to);
  uint64_t reached = 0;
  while (!crossings.empty()) {
    const Crossing crossing = crossings.top();
    crossings.pop();
    ++copies_[crossing.to];
    if (has[crossing.to]) continue;
    has[crossing.to] = true;
    ++reached;
    offer(crossing.to);
    for (const uint32_t peer : nodes_[crossing.to].peers) {
      if (peer != crossing.from && peer != from) send(crossing.at_us, crossing.to, peer);
    }
  }
  return reached;
}

}  // namespace timerose::sim
