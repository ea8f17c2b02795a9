// What all nodes of a simulated compute mesh share.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "crypto/key.h"
#include "multiformats/peer_id.h"
#include "sim/chronicle.h"
#include "sim/jobs/books.h"
#include "sim/jobs/catalogue.h"
#include "sim/jobs/flows.h"
#include "sim/jobs/free_holders.h"
#include "sim/jobs/geography.h"
#include "sim/jobs/memos.h"
#include "sim/jobs/omniscient.h"
#include "sim/jobs/sabotage.h"
#include "sim/jobs/scenario.h"
#include "sim/jobs/wires.h"

namespace timerose::sim::jobs {

class MeshNode;

class MeshWorld {
 public:
  MeshWorld(const Scenario& given, uint64_t seed, Sabotage broken);
  ~MeshWorld();

  struct PeerHash {
    size_t operator()(const PeerId& id) const;
  };

  const Scenario scenario;
  const uint64_t seed;
  const Sabotage sabotage;
  Dice dice;
  EventQueue events;
  Chronicle chronicle{events};
  Geography geography;
  Flows flows;
  Catalogue catalogue;
  Books books{events, chronicle};
  Wires wires;
  Memos memos;
  std::vector<std::unique_ptr<MeshNode>> nodes;
  std::vector<NodeNumber> askers;
  Omniscient omniscient{*this};
  FreeHolders free_holders{*this};
  std::vector<Cid> outputs;  // of answered calls, for others to read

  [[nodiscard]] PrivateKey key_of(NodeNumber node) const;
  [[nodiscard]] const PeerId& id_of(NodeNumber node) const { return ids_[node]; }
  [[nodiscard]] NodeNumber node_of(const PeerId& id) const { return numbers_.at(id); }
  [[nodiscard]] bool present(NodeNumber node) const;
  // By the node's own clock.
  [[nodiscard]] uint64_t unix_ms(NodeNumber node) const;
  [[nodiscard]] uint64_t now_ms() const { return events.now_ns() / kMillisecond; }

  // Runs unless the node's process has ended by then.
  void after(NodeNumber node, uint64_t delay_ns, EventQueue::Action action);

  // Of the holders, or of some if they are many, the nearest that can be reached now.
  [[nodiscard]] std::optional<NodeNumber> nearest_holder(ObjectNumber object, NodeNumber from);

 private:
  std::vector<PeerId> ids_;
  std::unordered_map<PeerId, NodeNumber, PeerHash> numbers_;
  std::vector<int32_t> skews_ms_;
};

}  // namespace timerose::sim::jobs
