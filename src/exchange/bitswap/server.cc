#include "exchange/bitswap/server.h"

#include <algorithm>

#include "exchange/bitswap/server_state.h"

namespace timerose::bitswap {

ServedPeer* Server::State::find(const PeerId& peer) const {
  const auto found = peers.find(peer);
  return found == peers.end() ? nullptr : found->second.get();
}

Ledger Server::State::ledger_of(const ServedPeer& peer) const {
  return {.peer = peer.id,
          .bytes_sent = peer.bytes_sent,
          .blocks_sent = peer.blocks_sent,
          .wants_received = peer.wants_received,
          .wants_waiting = peer.wants.size(),
          .wants_refused = peer.wants_refused};
}

void Server::State::on(const ServerPeerConnected& event) {
  auto& peer = peers[event.peer];
  if (!peer) {
    const auto free = std::find(by_number.begin(), by_number.end(), nullptr);
    const auto number = static_cast<uint32_t>(free - by_number.begin());
    if (free == by_number.end()) by_number.emplace_back();
    peer = std::make_unique<ServedPeer>(event.peer, number, seed);
    by_number[number] = peer.get();
  }
  peer->version = event.version;
}

void Server::State::on(const ServerPeerDisconnected& event) {
  ServedPeer* peer = find(event.peer);
  if (peer == nullptr) return;
  for (const uint32_t want : peer->wants.all()) remove_want(*peer, want);
  bytes_in_flight -= peer->bytes_in_flight;
  std::erase(turns, peer);
  by_number[peer->number] = nullptr;
  peers.erase(event.peer);
}

void Server::State::on(const MessageSent& event) {
  ServedPeer* peer = find(event.peer);
  // What was sent before the peer last disconnected is told of as well, but counts no more.
  if (peer == nullptr || peer->in_flight.empty() || peer->in_flight.front().bytes != event.bytes) {
    return;
  }
  const InFlight sent = peer->in_flight.front();
  peer->in_flight.pop_front();
  peer->bytes_in_flight -= sent.bytes;
  bytes_in_flight -= sent.bytes;
  peer->bytes_sent += sent.block_bytes;
  peer->blocks_sent += sent.blocks;
  peer->progress_ns = now_ns;
  peer->closing = false;
  if (!peer->in_flight.empty()) expect_progress(*peer);
  for (uint32_t want = sent.first; want != kNone;) {
    const uint32_t next = wants[want].next;
    remove_want(*peer, want);
    want = next;
  }
  if (!peer->ready.empty()) give_turn(*peer);
}

Server::Server(const ServerLimits& limits, uint64_t hash_seed)
    : state_(std::make_unique<State>(limits, hash_seed)) {}

Server::~Server() = default;

std::vector<ServerAction> Server::step(uint64_t now_ns, const ServerEvent& event) {
  State& state = *state_;
  state.now_ns = now_ns;
  std::visit([&state](const auto& one) { state.on(one); }, event);
  state.take_turns();
  return std::exchange(state.out, {});
}

uint64_t Server::next_tick_ns() const {
  return state_->starved ? state_->stall_check_ns : UINT64_MAX;
}

std::optional<Ledger> Server::ledger(const PeerId& peer) const {
  const ServedPeer* found = state_->find(peer);
  if (found == nullptr) return std::nullopt;
  return state_->ledger_of(*found);
}

std::vector<Ledger> Server::ledgers() const {
  std::vector<Ledger> all;
  for (const ServedPeer* peer : state_->by_number) {
    if (peer != nullptr) all.push_back(state_->ledger_of(*peer));
  }
  return all;
}

}  // namespace timerose::bitswap
