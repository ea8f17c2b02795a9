#include "node/network/network_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>
#include <variant>

#include "node/log_line.h"
#include "node/network/peer_address.h"

namespace timerose::node {
namespace {

// Taken at a time, so that timers and questions have their turn between.
constexpr size_t kEventsAtOnce = 256;
// How often what was learned of peers is written down.
constexpr uint64_t kSaveEveryNs = 30'000'000'000;
constexpr uint64_t kSaveSoonNs = 50'000'000;
// Streams whose peer is noted as used; beyond it the peers of others look idle.
constexpr size_t kStreamsNoted = 65536;

std::pair<uint32_t, uint32_t> calls_now(const scheduler::execute::ExecutorSide::Load& load) {
  return {static_cast<uint32_t>(load.running), static_cast<uint32_t>(load.waiting)};
}

uint64_t secret_of(Random& random) {
  std::array<uint8_t, sizeof(uint64_t)> bytes{};
  random.fill(bytes);
  return std::bit_cast<uint64_t>(bytes);
}

exchange::ServiceOptions service_options(const NetworkSettings& settings) {
  exchange::ServiceOptions options;
  options.serving = settings.serving;
  return options;
}

}  // namespace

NetworkLoop::NetworkLoop(const Parts& parts, const NetworkSettings& settings, Kept kept)
    : parts_(parts),
      exchange_({parts.loop, parts.host, parts.outside.store, parts.outside.random, parts.pool,
                 parts.http, [this](const std::vector<Cid>& cids) { providing_.gained(cids); }},
                service_options(settings)),
      names_(parts.loop, parts.host, parts.outside.clock),
      announcer_(parts.history,
                 {PeerId::of(parts.outside.key.public_key()), settings.shares_executions},
                 [this](const Cid& invocation) { providing_.executed(invocation); }),
      execution_({parts.loop, parts.host, parts.outside.random, parts.outside.executor,
                  parts.outside.store, exchange_, parts.outside.key.public_key(), 0,
                  parts.outside.runner_of, &announcer_},
                 {settings.execution.limits, {}}, kept.trust),
      providing_({parts.loop, parts.host, parts.outside.clock, parts.pool, parts.outside.store,
                  parts.outside.pins, [this] { return exchange_.is_waiting(); }},
                 settings.provide, std::move(kept.provided)),
      view_(secret_of(parts.outside.random), parts.outside.key.public_key(), kept.trust),
      advertising_({parts.loop, parts.host, parts.outside.clock, parts.outside.random,
                    parts.outside.key, parts.pool, [this] { return calls_now(execution_.load()); },
                    [this] { return exchange_.rates(); }, view_},
                   parts.outside.own, std::move(kept.adverts)),
      jobs_(job_parts(settings), std::move(kept.jobs)),
      policy_(parts.outside.random, settings.connections),
      book_(std::move(kept.book)),
      log_(write_to_log),
      queries_(parts.host),
      reaching_(parts.host, book_, queries_,
                [this](const PeerId& peer) { decide(mesh::PeerDialFailed{peer}); }),
      denied_(settings.denied),
      listens_waiting_(settings.host.listen.size()) {
  for (const PeerId& peer : denied_) parts_.host.deny(peer, true);
  for (const PeerId& peer : settings.kept) {
    policy_.step(0, mesh::ProtectPeer{peer, "Connections.Keep"});
  }
  if (!settings.allowed.empty()) {
    policy_.step(0, mesh::AllowOnly{{settings.allowed.begin(), settings.allowed.end()}});
  }
  for (const mesh::PeerAddresses& peer : settings.host.bootstrap) {
    book_.met(peer.peer, peer.addresses);
    book_.want(peer.peer, true);
  }
}

NetworkLoop::~NetworkLoop() = default;

void NetworkLoop::start(std::shared_ptr<Channel<bool>> listening) {
  listening_ = std::move(listening);
  if (listens_waiting_ == 0) listening_->push(true);
  watch_ = parts_.loop.watch(parts_.host.event_descriptor(), [this] { take_events(); });
  timer_ = parts_.loop.timer([this] { on_time(); });
  save_at_ns_ = parts_.loop.now_ns() + kSaveEveryNs;
  for (const mesh::PeerAddresses& peer : book_.wanted()) decide(mesh::WantPeer{peer});
  providing_.start();
  advertising_.start();
  set_timer();
}

void NetworkLoop::stop() {
  jobs_.stop();
  advertising_.stop();
  execution_.stop();
  exchange_.stop();
  names_.stop();
  reaching_.stop({ErrorCode::kCancelled, "the node is stopping"});
  queries_.clear();
  watch_.reset();
  timer_.reset();
  save();
}

void NetworkLoop::take_events() {
  events_.clear();
  parts_.host.take_events(events_, kEventsAtOnce);
  for (const mesh::Event& event : events_) handle(event);
  events_.clear();
  set_timer();
}

void NetworkLoop::handle(const mesh::Event& event) {
  std::visit([this](const auto& one) { on(one); }, event);
  if (advertising_.on_event(event) || execution_.on_event(event)) return;
  const bool of_names = names_.on_event(event);
  const bool of_providing = providing_.on_event(event);
  const bool taken = exchange_.on_event(event) || of_names || of_providing;
  if (!taken) queries_.on_event(event);
}

void NetworkLoop::on(const mesh::Listening&) {
  ++listening_at_;
  heard_of_listening();
}

void NetworkLoop::on(const mesh::ListenEnded& event) {
  listen_failures_ += fmt::format("\n  {}: {}", event.address, event.why);
  heard_of_listening();
}

void NetworkLoop::heard_of_listening() {
  if (listens_waiting_ == 0) return;
  --listens_waiting_;
  if (listens_waiting_ > 0) return;
  if (listening_at_ > 0) {
    listening_->push(true);
  } else {
    listening_->end(Error{
        ErrorCode::kIo,
        "the node can listen at none of its addresses (Addresses.Listen):" + listen_failures_});
  }
}

void NetworkLoop::on(const mesh::ConnectionOpened& event) {
  Connected& peer = connected_[event.peer];
  if (peer.connections.empty()) peer.since_ns = parts_.loop.now_ns();
  peer.connections.insert_or_assign(event.connection, event);
  decide(mesh::PeerOpened{event.connection, event.peer, event.direction, event.address});
  if (event.direction == mesh::Direction::kOutbound && !event.relayed &&
      check_address(event.address).ok()) {
    book_.met(event.peer, {event.address});
  }
  reaching_.ended(event.peer, success());
}

void NetworkLoop::on(const mesh::ConnectionClosed& event) {
  log_.ended(parts_.loop.now_ns(), event.peer, event.why);
  const auto found = connected_.find(event.peer);
  if (found == connected_.end()) return;
  found->second.connections.erase(event.connection);
  if (found->second.connections.empty()) connected_.erase(found);
  decide(mesh::PeerClosed{event.connection});
}

void NetworkLoop::on(const mesh::DialFailed& event) {
  if (!event.peer) return;
  reaching_.ended(*event.peer,
                  Error{ErrorCode::kNotFound, fmt::format("no connection to {}: {}",
                                                          event.peer->to_string(), event.why)});
  decide(mesh::PeerDialFailed{*event.peer});
}

void NetworkLoop::on(const mesh::Identified& event) {
  const auto found = connected_.find(event.peer);
  if (found == connected_.end()) return;
  found->second.agent = event.agent;
  found->second.protocols = event.protocols;
  learn_of({event.peer, event.addresses});
}

void NetworkLoop::on(const mesh::LocalPeerSeen& event) {
  if (connected_.contains(event.found.peer) || policy_.peers_connected() >= policy_.limits().low) {
    return;
  }
  reaching_.dial(event.found);
}

void NetworkLoop::on(const mesh::StreamOpened& event) {
  if (streams_.size() < kStreamsNoted) streams_.insert_or_assign(event.stream, event.peer);
}

void NetworkLoop::on(const mesh::StreamFrame& event) {
  const auto found = streams_.find(event.stream);
  if (found != streams_.end()) decide(mesh::PeerUsed{found->second});
}

void NetworkLoop::on(const mesh::StreamClosed& event) { streams_.erase(event.stream); }

void NetworkLoop::decide(const mesh::PolicyEvent& event) {
  for (const mesh::PolicyAction& action : policy_.step(parts_.loop.now_ns(), event)) {
    if (const auto* end = std::get_if<mesh::EndPeer>(&action)) {
      log_.ending(parts_.loop.now_ns(), end->peer, end->why);
      parts_.host.disconnect(end->peer);
    }
    if (const auto* again = std::get_if<mesh::DialAgain>(&action)) {
      mesh::PeerAddresses target = again->target;
      for (mesh::Address& address : book_.addresses_of(target.peer)) {
        const auto begin = target.addresses.begin();
        const auto end = target.addresses.end();
        if (std::find(begin, end, address) == end) target.addresses.push_back(std::move(address));
      }
      reaching_.dial(target);
    }
  }
}

void NetworkLoop::reach(const PeerId& peer, Reaching::OnConnected on_connected) {
  if (connected_.contains(peer)) return on_connected(success());
  reaching_.reach(peer, std::move(on_connected));
}

// Of connected peers those are asked that may be given work: the nodes of the mesh.
void NetworkLoop::find_holders(const Cid& cid, uint64_t within_ms,
                               JobService::OnHolders on_holders) {
  std::vector<PeerId> nodes;
  for (const auto& [peer, connection] : connected_) {
    if (view_.find(peer)) nodes.push_back(peer);
  }
  HolderSearch::start({parts_.loop, parts_.host, exchange_, queries_,
                       [this](const mesh::PeerAddresses& provider) { learn_of(provider); }},
                      cid, nodes, within_ms, std::move(on_holders));
}

void NetworkLoop::learn_of(const mesh::PeerAddresses& peer) {
  std::vector<mesh::Address> sound = peer.addresses;
  std::erase_if(sound, [](const mesh::Address& address) { return !check_address(address).ok(); });
  if (!sound.empty()) book_.met(peer.peer, sound);
}

JobService::Parts NetworkLoop::job_parts(const NetworkSettings& settings) {
  return {parts_.loop,
          parts_.outside.clock,
          parts_.outside.random,
          parts_.pool,
          parts_.outside.store,
          parts_.outside.key.public_key(),
          execution_,
          view_,
          [this](const PeerId& peer, JobService::OnReached on_reached) {
            reach(peer, std::move(on_reached));
          },
          [this](const Cid& cid, JobService::OnHolders on_holders) {
            find_holders(cid, JobService::kFindHoldersMs, std::move(on_holders));
          },
          [this] { return advertising_.own_advert(); },
          parts_.outside.remember,
          parts_.outside.verification,
          &parts_.outside.records,
          settings.jobs_kept};
}

std::vector<ConnectedPeer> NetworkLoop::peers() const {
  std::vector<ConnectedPeer> peers;
  for (const auto& [id, peer] : connected_) {
    const mesh::ConnectionOpened& first = peer.connections.begin()->second;
    peers.push_back({id, first.address, first.direction, first.relayed, policy_.wanted(id),
                     static_cast<uint32_t>(peer.connections.size()),
                     parts_.loop.now_ns() - peer.since_ns, peer.agent, peer.protocols});
  }
  return peers;
}

std::vector<mesh::Address> NetworkLoop::known_addresses(const PeerId& peer) const {
  return book_.addresses_of(peer);
}

void NetworkLoop::connect(mesh::PeerAddresses target, Stay stay,
                          std::shared_ptr<Channel<bool>> connected) {
  const bool there = connected_.contains(target.peer);
  if (there) {
    connected->push(true);
  } else {
    reaching_.wait(target.peer, [connected = std::move(connected)](const Status& how) {
      if (how.ok()) connected->push(true);
      connected->end(how);
    });
  }
  if (stay == Stay::kAlways) {
    for (const mesh::Address& address : target.addresses) {
      if (check_address(address).ok()) book_.met(target.peer, {address});
    }
    book_.want(target.peer, true);
    save_soon();
    decide(mesh::WantPeer{std::move(target)});
  } else if (!there) {
    reaching_.dial(target);
  }
  set_timer();
}

Status NetworkLoop::disconnect(const PeerId& peer) {
  const bool wanted = policy_.wanted(peer);
  book_.want(peer, false);
  save_soon();
  decide(mesh::UnwantPeer{peer});
  const bool connected = connected_.contains(peer);
  if (connected) parts_.host.disconnect(peer);
  if (connected || wanted) return success();
  return Error{ErrorCode::kNotFound, fmt::format("not connected to {}", peer.to_string())};
}

void NetworkLoop::set_timer() {
  if (timer_) timer_->set(std::min(save_at_ns_, policy_.next_tick_ns()));
}

void NetworkLoop::on_time() {
  const uint64_t now_ns = parts_.loop.now_ns();
  if (policy_.next_tick_ns() <= now_ns) decide(mesh::PolicyTick{});
  if (save_at_ns_ <= now_ns) save();
  set_timer();
}

// What was asked for outlives a node that is killed.
void NetworkLoop::save_soon() {
  save_at_ns_ = std::min(save_at_ns_, parts_.loop.now_ns() + kSaveSoonNs);
  set_timer();
}

void NetworkLoop::save() {
  save_at_ns_ = parts_.loop.now_ns() + kSaveEveryNs;
  // What cannot be written is learned, and announced, again.
  parts_.pool.submit([&records = parts_.outside.records, changes = book_.take_changes(),
                      adverts = advertising_.take_changes(), provided = providing_.records()] {
    (void)PeerBook::save(records, changes);
    (void)save_adverts(records, adverts);
    (void)provided.save(records);
  });
}

}  // namespace timerose::node
