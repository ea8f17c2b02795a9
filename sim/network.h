// A made-up network: nodes with an upload rate each, links with a latency and some jitter.
//
// Frames between two nodes keep their order while their connection lasts; those of different peers
// overtake each other. A connection that ends takes with it all that was under way.
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "sim/dice.h"
#include "sim/event_queue.h"

namespace timerose::sim {

using NodeNumber = uint32_t;

// Round trips of a dial: transport, security, multiplexer.
inline constexpr uint64_t kDialTrips = 3;

// What stands on the network. Everything is told at its virtual time.
class Participant {
 public:
  virtual ~Participant() = default;
  virtual void connected(NodeNumber peer) = 0;
  virtual void disconnected(NodeNumber peer) = 0;
  virtual void received(NodeNumber from, SharedBytes frame) = 0;
};

class Network {
 public:
  Network(EventQueue& events, uint64_t seed) : events_(events), dice_(seed) {}

  NodeNumber add(uint64_t upload_bytes_per_second);
  // Set before anything is connected.
  void set_participant(NodeNumber node, Participant& participant);

  // A node that is away has no connections and takes none.
  void set_present(NodeNumber node, bool present);
  [[nodiscard]] bool present(NodeNumber node) const { return nodes_[node].present; }

  // No connection between the two any more.
  void deny(NodeNumber node, NodeNumber peer);

  // Nothing happens if there is a connection, one of them is away, or denies the other.
  void connect(NodeNumber a, NodeNumber b);
  void disconnect(NodeNumber a, NodeNumber b);
  [[nodiscard]] bool are_connected(NodeNumber a, NodeNumber b) const;
  [[nodiscard]] std::vector<NodeNumber> peers_of(NodeNumber node) const;

  // `bytes` is what the frame takes on the wire, whatever its length here. `written`, if there is
  // one, is called once it is on the wire, or was lost.
  void send(NodeNumber from, NodeNumber to, SharedBytes frame, uint64_t bytes,
            EventQueue::Action written = {});

  [[nodiscard]] uint64_t latency_ns(NodeNumber a, NodeNumber b) const;
  [[nodiscard]] uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  struct Node {
    Participant* participant = nullptr;
    bool present = true;
    uint64_t upload_bytes_per_second = 0;
    uint64_t upload_free_ns = 0;
    uint64_t x = 0;  // where it is: latency grows with distance
    uint64_t y = 0;
    std::vector<NodeNumber> peers;
  };
  struct Connection {
    uint64_t epoch = 0;
    uint64_t arrival_ns[2] = {0, 0};  // of the last frame: to the lower number, to the higher
  };
  static uint64_t key(NodeNumber a, NodeNumber b);
  Connection* find(NodeNumber a, NodeNumber b);

  EventQueue& events_;
  Dice dice_;
  std::vector<Node> nodes_;
  std::unordered_map<uint64_t, Connection> connections_;
  std::set<std::pair<NodeNumber, NodeNumber>> denied_;
  uint64_t next_epoch_ = 1;
  uint64_t bytes_sent_ = 0;
};

}  // namespace timerose::sim
