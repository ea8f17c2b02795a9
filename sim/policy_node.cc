#include "sim/policy_node.h"

#include <algorithm>

namespace timerose::sim {
namespace {

using bitswap::SessionId;

constexpr size_t kAnnouncementsMax = 16;
constexpr uint64_t kAnnounceAgainNs = 200 * kMillisecond;
// After so long, what a node has is announced for certain, and a wanted peer connected to.
constexpr uint64_t kSettledNs = 20 * kSecond;

mesh::Address address_of(NodeNumber node) {
  return "/ip4/10." + std::to_string(node >> 16) + "." + std::to_string(node >> 8 & 0xff) + "." +
         std::to_string(node & 0xff) + "/tcp/4001";
}

}  // namespace

PolicyNode::PolicyNode(World& world, NodeNumber number, bitswap::Version version, Others others,
                       Surroundings around)
    : BitswapNode(world, number, version, std::move(others)),
      around_(std::move(around)),
      host_(world, around_.routing, number, [this](const mesh::Event& event) { on_event(event); }) {
  make_policies();
}

void PolicyNode::make_policies() {
  started_ns_ = world().events.now_ns();
  random_ = std::make_unique<SeededRandom>(world().dice.seed());
  host_.forget_questions();
  announcements_.clear();
  failed_.clear();
  requests_.clear();
  requests_of_.clear();
  lied_ns_.clear();
  connection_of_.clear();
  dialing_.clear();
  keeper_armed_ns_ = UINT64_MAX;
  plan_armed_ns_ = UINT64_MAX;
  search_.emplace(
      host_, [this](const Cid& cid, const std::vector<mesh::PeerAddresses>& found, bool ended) {
        name_gateways(cid, found);
        std::vector<PeerId> peers;
        peers.reserve(found.size());
        for (const mesh::PeerAddresses& one : found) peers.push_back(one.peer);
        found_providers(cid, std::move(peers), ended);
      });
  keeper_.emplace(*random_, around_.connections);
  plan_.emplace(started_ns_, swept_until_ns_, kSweepIntervalNs);
  sources_.emplace();
  for (const size_t gateway : around_.configured) {
    sources_->add_gateway(around_.gateways.name(gateway));
  }
  if (retired_) return;
  // Once all the others are there.
  later(started_ns_, [this] {
    for (const Bytes& multihash : std::exchange(soon_, {})) plan_->announce(multihash, true);
    if (around_.wanted) keep(mesh::WantPeer{{world().id_of(*around_.wanted), {}}});
    announce_due();
  });
}

void PolicyNode::start() {
  BitswapNode::start();
  make_policies();
}

void PolicyNode::stop() {
  // As a node keeps it that ends in order.
  swept_until_ns_ = plan_->swept_until_ns();
  const auto& waiting = plan_->urgent_waiting();
  soon_.assign(waiting.begin(), waiting.end());
  for (const auto& [query, multihash] : announcements_) soon_.push_back(multihash);
  soon_.insert(soon_.end(), failed_.begin(), failed_.end());
  BitswapNode::stop();
  host_.forget_questions();
}

void PolicyNode::retire() {
  retired_ = true;
  if (around_.wanted) keep(mesh::UnwantPeer{world().id_of(*around_.wanted)});
}

void PolicyNode::later(uint64_t at_ns, EventQueue::Action what) {
  world().events.at(at_ns, [this, what = std::move(what), now = life()] {
    if (now == life()) what();
  });
}

const Block* PolicyNode::find(const Cid& cid) const {
  const auto block = store().find(cid);
  return block == store().end() ? nullptr : &block->second;
}

void PolicyNode::on_event(const mesh::Event& event) {
  if (const auto* failed = std::get_if<mesh::DialFailed>(&event)) {
    search_->on_dial_failed(*failed);
    dialing_.erase(world().node_of(*failed->peer));
    keep(mesh::PeerDialFailed{*failed->peer});
  } else if (const auto* found = std::get_if<mesh::ProvidersFound>(&event)) {
    if (!search_->on_found(*found)) fail("providers that nobody asked for");
  } else if (const auto* ended = std::get_if<mesh::QueryEnded>(&event)) {
    const auto announcement = announcements_.find(ended->query);
    if (announcement == announcements_.end()) {
      search_->on_ended(*ended);
      return;
    }
    if (!ended->why.empty()) {
      failed_.push_back(std::move(announcement->second));
      later(world().events.now_ns() + kAnnounceAgainNs, [this] {
        plan_->announce(failed_.front(), true);
        failed_.pop_front();
        announce_due();
      });
    }
    announcements_.erase(announcement);
    announce_due();
  }
}

// --- Whom it stays connected to ---

void PolicyNode::keep(const mesh::PolicyEvent& event) {
  const uint64_t now_ns = world().events.now_ns();
  for (const mesh::PolicyAction& action : keeper_->step(now_ns, event)) {
    if (const auto* end = std::get_if<mesh::EndPeer>(&action)) {
      if (keeper_->wanted(end->peer)) fail("ends a connection that it wants");
      ++world().counts.trimmed;
      host_.disconnect(end->peer);
    } else if (const auto* again = std::get_if<mesh::DialAgain>(&action)) {
      const NodeNumber peer = world().node_of(again->target.peer);
      if (connection_of_.contains(peer)) fail("dials a peer that it is connected to");
      ++world().counts.dialed_again;
      dialing_.insert(peer);
      (void)host_.connect(again->target);
    }
  }
  const uint64_t next_ns = keeper_->next_tick_ns();
  if (next_ns >= keeper_armed_ns_) return;
  keeper_armed_ns_ = next_ns;
  later(next_ns, [this, next_ns] {
    if (keeper_armed_ns_ != next_ns) return;
    keeper_armed_ns_ = UINT64_MAX;
    keep(mesh::PolicyTick{});
    if (keeper_->next_tick_ns() <= next_ns) fail("the keeper wants a tick at the same moment");
  });
}

void PolicyNode::connected(NodeNumber peer) {
  const mesh::ConnectionId connection{++connections_};
  connection_of_[peer] = connection;
  dialing_.erase(peer);
  search_->connected(world().id_of(peer));
  BitswapNode::connected(peer);
  keep(mesh::PeerOpened{connection, world().id_of(peer), mesh::Direction::kInbound,
                        address_of(peer)});
}

void PolicyNode::disconnected(NodeNumber peer) {
  const auto connection = connection_of_.find(peer);
  if (connection == connection_of_.end()) return;
  const mesh::ConnectionId closed = connection->second;
  connection_of_.erase(connection);
  BitswapNode::disconnected(peer);
  keep(mesh::PeerClosed{closed});
}

void PolicyNode::received(NodeNumber from, SharedBytes frame) {
  keep(mesh::PeerUsed{world().id_of(from)});
  BitswapNode::received(from, std::move(frame));
}

void PolicyNode::dial(NodeNumber peer) { search_->dial(world().id_of(peer)); }

// --- Who has what ---

void PolicyNode::find_providers(const Cid& cid) {
  search_->find(cid);
  if (host_.running() > exchange::ProviderSearch::kSearchesMax + kAnnouncementsMax) {
    fail("too many questions to the routing");
  }
  for (const uint64_t session : sessions_waiting_for(cid)) {
    (void)sources_->offer(world().events.now_ns(), SessionId{session}, std::span(&cid, 1), {});
  }
  ask_gateways();
}

void PolicyNode::stored(const Cid& cid) {
  if (cid.codec() == Codec::kRaw) return;  // roots are announced
  roots_.emplace(cid, world().events.now_ns());
  if (!plan_) return;  // it is being made
  plan_->announce(cid.multihash_bytes(), true);
  announce_due();
}

void PolicyNode::announce_due() {
  if (retired_) return;
  const uint64_t now_ns = world().events.now_ns();
  while (const auto region = plan_->region_due(now_ns)) {
    exchange::RegionBlocks blocks(*region);
    for (const auto& [root, since_ns] : roots_) blocks.see(root.multihash_bytes());
    plan_->take_region(std::move(blocks));
  }
  for (Bytes& due : plan_->take_due(now_ns, kAnnouncementsMax - announcements_.size())) {
    const mesh::QueryId query = host_.provide(due);
    announcements_.emplace(query, std::move(due));
    ++world().counts.announced;
  }
  if (announcements_.size() == kAnnouncementsMax) return;
  const uint64_t next_ns = std::max(plan_->next_due_ns(now_ns), now_ns + kMillisecond);
  if (next_ns >= plan_armed_ns_) return;
  plan_armed_ns_ = next_ns;
  later(next_ns, [this, next_ns] {
    if (plan_armed_ns_ != next_ns) return;
    plan_armed_ns_ = UINT64_MAX;
    announce_due();
  });
}

void PolicyNode::check_announced() {
  const uint64_t now_ns = world().events.now_ns();
  if (retired_ || !world().network.present(number()) || now_ns < started_ns_ + kSettledNs) return;
  for (const auto& [root, since_ns] : roots_) {
    if (now_ns < since_ns + kSettledNs) continue;
    if (!around_.routing.knows(root.multihash_bytes(), number())) {
      return fail("the routing does not know that it has " + root.to_string());
    }
  }
}

void PolicyNode::check_wanted() {
  const uint64_t now_ns = world().events.now_ns();
  if (!around_.wanted || retired_ || !world().network.present(number())) return;
  if (now_ns < started_ns_ + kSettledNs) return;
  if (!keeper_->wanted(world().id_of(*around_.wanted))) fail("has forgotten whom it wants");
  const bool waits = keeper_->next_tick_ns() != UINT64_MAX || dialing_.contains(*around_.wanted);
  if (!connection_of_.contains(*around_.wanted) && !waits) fail("does not try to come back");
}

// --- Which gateway is asked for what ---

void PolicyNode::name_gateways(const Cid& cid, const std::vector<mesh::PeerAddresses>& providers) {
  for (const uint64_t session : sessions_waiting_for(cid)) {
    for (const mesh::PeerAddresses& provider : providers) {
      for (const size_t gateway : around_.gateways.of(world().node_of(provider.peer))) {
        sources_->add_provider(SessionId{session}, around_.gateways.name(gateway));
      }
    }
  }
}

std::vector<Cid> PolicyNode::lend(uint64_t session, const std::vector<Cid>& cids) {
  exchange::BitswapPace pace;
  for (const bitswap::ClientPeerStat& peer : client().peers()) {
    if (peer.blocks == 0) continue;
    ++pace.peers;
    pace.bytes_per_second += peer.bytes_per_second;
  }
  std::vector<Cid> taken = sources_->offer(world().events.now_ns(), SessionId{session}, cids, pace);
  ask_gateways();
  return taken;
}

void PolicyNode::take_back(uint64_t session, const Cid& cid) {
  sources_->drop(SessionId{session}, std::span(&cid, 1));
  ask_gateways();
}

void PolicyNode::closed(uint64_t session) {
  sources_->close(SessionId{session});
  ask_gateways();
}

void PolicyNode::ask_gateways() {
  for (const exchange::SourceAction& action : sources_->take_actions(world().events.now_ns())) {
    if (const auto* asked = std::get_if<exchange::AskGateway>(&action)) {
      ask(*asked);
    } else if (const auto* cancelled = std::get_if<exchange::CancelRequest>(&action)) {
      const auto request = requests_.find(cancelled->request);
      if (request == requests_.end()) return fail("cancels a request that there is not");
      --requests_of_[request->second.gateway];
      requests_.erase(request);
    } else if (const auto* gone = std::get_if<exchange::GiveUpWant>(&action)) {
      later(world().events.now_ns(), [this, session = static_cast<uint64_t>(gone->session),
                                      cid = gone->cid] { leave_to_bitswap(session, cid); });
    }
  }
}

void PolicyNode::ask(const exchange::AskGateway& asked) {
  const uint64_t now_ns = world().events.now_ns();
  const exchange::SourceLimits limits;
  if (++requests_of_[asked.gateway] > limits.requests_of_gateway_max) {
    fail("too many requests to one gateway");
  }
  const auto lied = lied_ns_.find(asked.gateway);
  if (lied != lied_ns_.end() && now_ns < lied->second + limits.avoid_ns) {
    fail("asks a gateway again that has sent wrong bytes");
  }
  requests_.emplace(asked.request, asked);
  const size_t gateway = around_.gateways.number(sources_->name(asked.gateway));
  around_.gateways.get(gateway, asked.cid,
                       [this, asked, now = life()](const exchange::Came& came, const Block* block) {
                         if (now != life() || requests_.erase(asked.request) == 0) return;
                         --requests_of_[asked.gateway];
                         if (std::holds_alternative<exchange::WrongBytes>(came)) {
                           lied_ns_[asked.gateway] = world().events.now_ns();
                         }
                         sources_->came(world().events.now_ns(), asked.request, came);
                         ask_gateways();
                         if (block != nullptr) put(*block);
                       });
}

void PolicyNode::check_at_rest() {
  BitswapNode::check_at_rest();
  if (!requests_.empty()) fail("requests to gateways were never ended");
}

}  // namespace timerose::sim
