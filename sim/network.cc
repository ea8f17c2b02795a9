#include "sim/network.h"

#include <algorithm>

namespace timerose::sim {
namespace {

constexpr uint64_t kLatencyMinNs = 500 * kMicrosecond;
constexpr uint64_t kWorldEdge = 100;                        // the nodes stand on a square
constexpr uint64_t kLatencyPerStepNs = 700 * kMicrosecond;  // 140 ms from corner to corner
constexpr uint64_t kFrameOverheadBytes = 60;

uint64_t distance(uint64_t a, uint64_t b) { return a > b ? a - b : b - a; }

}  // namespace

NodeNumber Network::add(uint64_t upload_bytes_per_second) {
  Node node;
  node.upload_bytes_per_second = upload_bytes_per_second;
  node.x = dice_.below(kWorldEdge);
  node.y = dice_.below(kWorldEdge);
  nodes_.push_back(std::move(node));
  return static_cast<NodeNumber>(nodes_.size() - 1);
}

void Network::set_participant(NodeNumber node, Participant& participant) {
  nodes_[node].participant = &participant;
}

uint64_t Network::key(NodeNumber a, NodeNumber b) {
  return static_cast<uint64_t>(std::min(a, b)) << 32 | std::max(a, b);
}

Network::Connection* Network::find(NodeNumber a, NodeNumber b) {
  auto entry = connections_.find(key(a, b));
  return entry == connections_.end() ? nullptr : &entry->second;
}

bool Network::are_connected(NodeNumber a, NodeNumber b) const {
  return connections_.contains(key(a, b));
}

std::vector<NodeNumber> Network::peers_of(NodeNumber node) const { return nodes_[node].peers; }

uint64_t Network::latency_ns(NodeNumber a, NodeNumber b) const {
  const Node& from = nodes_[a];
  const Node& to = nodes_[b];
  return kLatencyMinNs + kLatencyPerStepNs * (distance(from.x, to.x) + distance(from.y, to.y));
}

void Network::set_present(NodeNumber node, bool present) {
  nodes_[node].present = present;
  if (present) return;
  for (NodeNumber peer : peers_of(node)) disconnect(node, peer);
}

void Network::deny(NodeNumber node, NodeNumber peer) {
  denied_.insert({node, peer});
  disconnect(node, peer);
}

void Network::connect(NodeNumber a, NodeNumber b) {
  if (a == b || !nodes_[a].present || !nodes_[b].present || are_connected(a, b)) return;
  if (denied_.contains({a, b}) || denied_.contains({b, a})) return;
  connections_[key(a, b)].epoch = next_epoch_++;
  nodes_[a].peers.push_back(b);
  nodes_[b].peers.push_back(a);
  nodes_[a].participant->connected(b);
  if (are_connected(a, b)) nodes_[b].participant->connected(a);
}

void Network::disconnect(NodeNumber a, NodeNumber b) {
  if (connections_.erase(key(a, b)) == 0) return;
  std::erase(nodes_[a].peers, b);
  std::erase(nodes_[b].peers, a);
  nodes_[a].participant->disconnected(b);
  nodes_[b].participant->disconnected(a);
}

void Network::send(NodeNumber from, NodeNumber to, SharedBytes frame, uint64_t bytes,
                   EventQueue::Action written) {
  Connection* connection = find(from, to);
  if (connection == nullptr) {
    if (written) events_.after(0, std::move(written));
    return;
  }
  Node& sender = nodes_[from];
  const uint64_t wire_bytes = bytes + kFrameOverheadBytes;
  bytes_sent_ += wire_bytes;
  const uint64_t start_ns = std::max(events_.now_ns(), sender.upload_free_ns);
  sender.upload_free_ns = start_ns + wire_bytes * kSecond / sender.upload_bytes_per_second;
  const uint64_t way_ns = latency_ns(from, to);
  uint64_t& last_ns = connection->arrival_ns[from < to ? 1 : 0];
  last_ns = std::max(sender.upload_free_ns + way_ns + dice_.below(way_ns / 2 + 1), last_ns);
  if (written) events_.at(sender.upload_free_ns, std::move(written));
  events_.at(last_ns,
             [this, from, to, epoch = connection->epoch, frame = std::move(frame)]() mutable {
               const Connection* still = find(from, to);
               if (still == nullptr || still->epoch != epoch) return;
               nodes_[to].participant->received(from, std::move(frame));
             });
}

}  // namespace timerose::sim
