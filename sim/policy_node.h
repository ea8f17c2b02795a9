// A whole node but for its sockets and its disk: Bitswap, and beside it the code that decides whom
// it stays connected to, where it looks for providers, what it announces, and which gateway it asks
// for what; all that these promise is watched at each step.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "exchange/provide_plan.h"
#include "exchange/provider_search.h"
#include "exchange/source_policy.h"
#include "mesh/connection_policy.h"
#include "sim/bitswap_node.h"
#include "sim/gateways.h"
#include "sim/sim_host.h"

namespace timerose::sim {

class PolicyNode final : public BitswapNode {
 public:
  struct Surroundings {
    Routing& routing;
    Gateways& gateways;
    std::vector<size_t> configured;    // gateways that it may always ask
    std::optional<NodeNumber> wanted;  // a peer to stay connected to
    mesh::ConnectionLimits connections;
  };
  PolicyNode(World& world, NodeNumber number, bitswap::Version version, Others others,
             Surroundings around);

  void stop() override;
  void start() override;
  // From now on nothing is begun but what others ask for, so that the world comes to rest.
  void retire();

  [[nodiscard]] const Block* find(const Cid& cid) const;
  // What it has had for a while is known to the routing, while it is here.
  void check_announced();
  // The peer it wants to stay connected to is there, if it can be.
  void check_wanted();
  void check_at_rest() override;

  void connected(NodeNumber peer) override;
  void disconnected(NodeNumber peer) override;
  void received(NodeNumber from, SharedBytes frame) override;

 protected:
  void find_providers(const Cid& cid) override;
  void dial(NodeNumber peer) override;
  std::vector<Cid> lend(uint64_t session, const std::vector<Cid>& cids) override;
  void take_back(uint64_t session, const Cid& cid) override;
  void closed(uint64_t session) override;
  void stored(const Cid& cid) override;

 private:
  void make_policies();
  void on_event(const mesh::Event& event);
  void keep(const mesh::PolicyEvent& event);
  void announce_due();
  void ask_gateways();
  void ask(const exchange::AskGateway& asked);
  void name_gateways(const Cid& cid, const std::vector<mesh::PeerAddresses>& providers);
  // Calls `what` at the time, if this life of the node still lasts.
  void later(uint64_t at_ns, EventQueue::Action what);

  const Surroundings around_;
  SimHost host_;
  std::unique_ptr<SeededRandom> random_;
  std::optional<exchange::ProviderSearch> search_;
  std::optional<mesh::ConnectionPolicy> keeper_;
  std::optional<exchange::ProvidePlan> plan_;
  std::optional<exchange::SourcePolicy> sources_;
  bool retired_ = false;
  uint64_t started_ns_ = 0;
  uint64_t swept_until_ns_ = 0;  // kept while it is away
  uint64_t connections_ = 0;
  std::map<NodeNumber, mesh::ConnectionId> connection_of_;
  std::set<NodeNumber> dialing_;  // wanted ones
  std::map<mesh::QueryId, Bytes> announcements_;
  std::deque<Bytes> failed_;       // that are tried again
  std::vector<Bytes> soon_;        // kept while it is away
  std::map<Cid, uint64_t> roots_;  // that it has, and since when
  std::map<exchange::RequestId, exchange::AskGateway> requests_;
  std::map<exchange::GatewayId, size_t> requests_of_;
  std::map<exchange::GatewayId, uint64_t> lied_ns_;  // when it last sent wrong bytes
  uint64_t keeper_armed_ns_ = UINT64_MAX;
  uint64_t plan_armed_ns_ = UINT64_MAX;
};

}  // namespace timerose::sim
