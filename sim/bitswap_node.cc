#include "sim/bitswap_node.h"

#include <algorithm>

namespace timerose::sim {
namespace {

using bitswap::SessionId;

// Leaves of one fetch that are asked for at a time.
constexpr size_t kLeavesInFlight = 128;
// Limits are compared with what there is once in so many steps.
constexpr uint64_t kBoundsEvery = 32;

}  // namespace

BitswapNode::BitswapNode(World& world, NodeNumber number, bitswap::Version version, Others others)
    : world_(world), number_(number), version_(version), others_(std::move(others)) {
  start();
}

void BitswapNode::start() {
  ++life_;
  random_ = std::make_unique<SeededRandom>(world_.dice.seed());
  client_ = std::make_unique<bitswap::Client>(*random_);
  server_ = std::make_unique<bitswap::Server>(bitswap::ServerLimits{}, world_.dice.seed());
  armed_ns_ = UINT64_MAX;
  world_.network.set_present(number_, true);
}

void BitswapNode::stop() {
  world_.network.set_present(number_, false);
  ++life_;
  world_.counts.dropped += pending_.size();
  pending_.clear();
  lent_.clear();
  sessions_.clear();
}

void BitswapNode::put(const Block& block) {
  if (store_.insert_or_assign(block.cid(), block).second) stored(block.cid());
  tell(bitswap::BlocksAdded{.cids = {block.cid()}});
  // It may be wanted here as well: then it came another way.
  const std::vector<uint64_t> sessions = sessions_waiting_for(block.cid());
  for (uint64_t session : sessions) {
    ++(lent_.contains({session, block.cid()}) ? world_.counts.lent : world_.counts.dropped);
    forget_claim({session, block.cid()});
  }
  if (client_->wants(block.cid())) ask(bitswap::BlockStored{.cid = block.cid()});
  for (uint64_t session : sessions) {
    --sessions_.at(session).in_flight;
    go_on(session);
  }
}

void BitswapNode::forget_claim(const Claim& claim) {
  pending_.erase(claim);
  if (lent_.erase(claim) > 0) take_back(claim.first, claim.second);
}

void BitswapNode::leave_to_bitswap(uint64_t session, const Cid& cid) {
  const auto claim = pending_.find({session, cid});
  if (claim == pending_.end() || lent_.erase({session, cid}) == 0) return;
  ask(bitswap::WantBlocks{
      .session = SessionId{session}, .cids = {cid}, .deadline_ns = claim->second});
}

std::vector<Cid> BitswapNode::lend(uint64_t /*session*/, const std::vector<Cid>& /*cids*/) {
  return {};
}
void BitswapNode::take_back(uint64_t /*session*/, const Cid& /*cid*/) {}
void BitswapNode::closed(uint64_t /*session*/) {}
void BitswapNode::stored(const Cid& /*cid*/) {}

std::vector<uint64_t> BitswapNode::sessions_waiting_for(const Cid& cid) const {
  std::vector<uint64_t> waiting;
  for (const auto& [session, state] : sessions_) {
    if (pending_.contains({session, cid})) waiting.push_back(session);
  }
  return waiting;
}

void BitswapNode::fetch(const Fetch& fetch) {
  const uint64_t session = next_session_++;
  sessions_.emplace(session, Session{.fetch = fetch});
  ask(bitswap::OpenSession{.session = SessionId{session}, .providers = fetch.providers});
  want(session, {fetch.file->root});
}

void BitswapNode::want(uint64_t session, const std::vector<Cid>& cids) {
  Session& state = sessions_.at(session);
  const uint64_t deadline_ns = world_.events.now_ns() + state.fetch.want_timeout_ns;
  std::vector<Cid> missing;
  for (const Cid& cid : cids) {
    if (store_.contains(cid)) continue;
    missing.push_back(cid);
    pending_[{session, cid}] = deadline_ns;
    ++world_.counts.wanted;
    ++state.in_flight;
    world_.events.at(deadline_ns + 1, [this, session, cid, deadline_ns] {
      auto claim = pending_.find({session, cid});
      if (claim != pending_.end() && claim->second == deadline_ns) {
        fail("a want outlived its deadline: " + cid.to_string());
      }
    });
  }
  if (missing.empty()) return go_on(session);
  for (const Cid& cid : lend(session, missing)) {
    lent_.insert({session, cid});
    std::erase(missing, cid);
    // What is not brought in time is Bitswap's, which gives it up.
    world_.events.at(deadline_ns - 1, [this, session, cid, life = life_] {
      if (life == life_ && lent_.contains({session, cid})) {
        take_back(session, cid);
        leave_to_bitswap(session, cid);
      }
    });
  }
  if (missing.empty()) return;
  ask(bitswap::WantBlocks{
      .session = SessionId{session}, .cids = std::move(missing), .deadline_ns = deadline_ns});
}

// Asks for the next leaves, or ends the session.
void BitswapNode::go_on(uint64_t session) {
  auto entry = sessions_.find(session);
  if (entry == sessions_.end()) return;
  Session& state = entry->second;
  const File& file = *state.fetch.file;
  if (state.in_flight >= kLeavesInFlight / 2) return;
  const bool has_root = store_.contains(file.root);
  std::vector<Cid> next;
  while (has_root && state.next_leaf < file.leaves.size() &&
         state.in_flight + next.size() < kLeavesInFlight) {
    const Cid& leaf = file.leaves[state.next_leaf++];
    if (!store_.contains(leaf)) next.push_back(leaf);
  }
  if (!next.empty()) return want(session, next);
  if (state.in_flight == 0) close(session);
}

void BitswapNode::close(uint64_t session) {
  std::vector<Claim> dropped;
  for (const auto& [claim, deadline_ns] : pending_) {
    if (claim.first == session) dropped.push_back(claim);
  }
  for (const Claim& claim : dropped) forget_claim(claim);
  world_.counts.dropped += dropped.size();
  sessions_.erase(session);
  ask(bitswap::CloseSession{.session = SessionId{session}});
  closed(session);
}

void BitswapNode::drop_a_fetch(uint64_t which) {
  if (sessions_.empty()) return;
  auto entry = sessions_.begin();
  std::advance(entry, static_cast<ptrdiff_t>(which % sessions_.size()));
  const uint64_t session = entry->first;
  // Some of its wants first, then all of it.
  auto claim = pending_.lower_bound({session, entry->second.fetch.file->root});
  if (claim != pending_.end() && claim->first.first == session) {
    const Cid cid = claim->first.second;
    forget_claim({session, cid});
    ++world_.counts.dropped;
    ask(bitswap::DropWants{.session = SessionId{session}, .cids = {cid}});
  }
  close(session);
}

void BitswapNode::connected(NodeNumber peer) {
  world_.note(number_, "connected", peer);
  const PeerId& id = world_.id_of(peer);
  tell(bitswap::ServerPeerConnected{.peer = id, .version = version_with(peer)});
  ask(bitswap::PeerConnected{.peer = id, .version = version_with(peer)});
}

void BitswapNode::disconnected(NodeNumber peer) {
  world_.note(number_, "disconnected", peer);
  tell(bitswap::ServerPeerDisconnected{.peer = world_.id_of(peer)});
  ask(bitswap::PeerDisconnected{.peer = world_.id_of(peer)});
}

bitswap::Version BitswapNode::version_with(NodeNumber peer) const {
  return std::min(version_, others_.version(peer));
}

void BitswapNode::received(NodeNumber from, SharedBytes frame) {
  const auto message = bitswap::decode(frame);
  world_.note(number_, "received", from);
  if (!message) return world_.network.disconnect(number_, from);
  const PeerId& id = world_.id_of(from);
  bitswap::BlocksArrived arrived{.from = id, .blocks = {}, .presences = message->presences};
  bitswap::BadBlocks bad{.from = id, .count = 0};
  arrived_.clear();
  for (const bitswap::Payload& payload : message->payloads) {
    auto block = bitswap::name(payload);
    if (!block) {
      ++bad.count;
      continue;
    }
    arrived.blocks.push_back({.cid = block->cid(), .bytes = modelled_bytes(block->data().view())});
    arrived_.insert_or_assign(block->cid(), *block);
  }
  if (bad.count > 0) ask(bad);
  if (!arrived.blocks.empty() || !arrived.presences.empty()) ask(arrived);
  if (message->full || !message->wants.empty()) {
    tell(bitswap::WantsReceived{.from = id, .full = message->full, .wants = message->wants});
  }
}

void BitswapNode::ask(bitswap::ClientEvent event) {
  events_.push_back(std::move(event));
  if (std::exchange(carrying_out_, true)) return;
  while (!events_.empty()) {
    const bitswap::ClientEvent next = std::move(events_.front());
    events_.pop_front();
    for (const bitswap::ClientAction& action : client_->step(world_.events.now_ns(), next)) {
      std::visit([this](const auto& one) { on(one); }, action);
    }
  }
  carrying_out_ = false;
  check_bounds();
  arm();
}

void BitswapNode::tell(const bitswap::ServerEvent& event) {
  for (const bitswap::ServerAction& action : server_->step(world_.events.now_ns(), event)) {
    std::visit([this](const auto& one) { on(one); }, action);
  }
  arm();
}

void BitswapNode::arm() {
  const uint64_t next_ns = std::min(client_->next_tick_ns(), server_->next_tick_ns());
  if (next_ns >= armed_ns_) return;
  armed_ns_ = next_ns;
  world_.events.at(next_ns, [this, next_ns, life = life_] {
    if (life == life_ && armed_ns_ == next_ns) tick(next_ns);
  });
}

void BitswapNode::tick(uint64_t at_ns) {
  armed_ns_ = UINT64_MAX;
  if (client_->next_tick_ns() <= at_ns) {
    ask(bitswap::Tick{});
    if (client_->next_tick_ns() <= at_ns) fail("the client wants another tick at the same moment");
  }
  if (server_->next_tick_ns() <= at_ns) {
    tell(bitswap::ServerTick{});
    if (server_->next_tick_ns() <= at_ns) fail("the server wants another tick at the same moment");
  }
  arm();
}

void BitswapNode::check_bounds() {
  if (++steps_ % kBoundsEvery != 0) return;
  const bitswap::ClientLimits client_limits;
  for (const bitswap::ClientPeerStat& stat : client_->peers()) {
    if (stat.waiting > client_limits.peer_wants_max) fail("too many wants wait at one peer");
  }
  const bitswap::ServerLimits server_limits;
  for (const bitswap::Ledger& ledger : server_->ledgers()) {
    if (ledger.wants_waiting > server_limits.peer_wants_max) fail("too many wants of one peer");
  }
  std::set<Cid> wanted;
  for (const auto& [claim, deadline_ns] : pending_) {
    if (!lent_.contains(claim)) wanted.insert(claim.second);
  }
  if (events_.empty() && client_->wantlist().size() != wanted.size()) {
    fail("the client wants " + std::to_string(client_->wantlist().size()) +
         " blocks, its sessions " + std::to_string(wanted.size()));
  }
}

void BitswapNode::check_at_rest() {
  if (!pending_.empty()) fail(std::to_string(pending_.size()) + " wants were never ended");
  if (!sessions_.empty()) fail(std::to_string(sessions_.size()) + " fetches were never ended");
  if (!client_->wantlist().empty()) fail("the client still wants something");
  if (client_->next_tick_ns() != UINT64_MAX) fail("the client waits for nothing, and has a timer");
}

void BitswapNode::fail(const std::string& what) {
  world_.fail("node " + std::to_string(number_) + ": " + what);
}

}  // namespace timerose::sim
