#include <algorithm>
#include <utility>

#include "exchange/bitswap/server_state.h"

namespace timerose::bitswap {
namespace {

// Of the bytes in flight that are free, a peer may hold this part, so that peers that do not read
// never hold them all: what is left for the next one shrinks, but does not end.
constexpr uint64_t kFreeShare = 4;
// This part of all bytes in flight is a message worth waiting for: without it, many peers that
// share little room would be sent ever smaller messages.
constexpr uint64_t kLeastShare = 256;

}  // namespace

void Server::State::give_turn(ServedPeer& peer) {
  if (peer.has_turn) return;
  peer.has_turn = true;
  turns.push_back(&peer);
}

// In a message.
uint32_t Server::State::cost_of(uint32_t want) const {
  const WantRecord& record = wants[want];
  const uint64_t cost = record.state == WantState::kReadyBlock
                            ? record.bytes + kBlockFramingBytesMax
                            : presence_bytes(cids.bytes(record.cid).size());
  return static_cast<uint32_t>(std::min<uint64_t>(cost, UINT32_MAX));
}

// What a message to the peer needs at least: one entry, and some more if they are small.
uint64_t Server::State::least_message(const ServedPeer& peer) const {
  const uint64_t worth = std::min(limits.message_bytes_max, limits.bytes_in_flight / kLeastShare);
  return std::max<uint64_t>(peer.ready.top_cost(), std::min(worth, peer.ready_block_bytes));
}

// What the peer may be sent now; with nothing in flight, the least message in any case.
uint64_t Server::State::own_room(const ServedPeer& peer) const {
  const uint64_t most = std::min(limits.peer_bytes_in_flight, room() / kFreeShare);
  return most - std::min(most, peer.bytes_in_flight);
}

uint64_t Server::State::room() const {
  return limits.bytes_in_flight - std::min(limits.bytes_in_flight, bytes_in_flight);
}

// Deficit round robin: at its turn a peer is given a message's worth of bytes, and is sent messages
// for as long as they last. A peer without room of its own leaves the round until MessageSent; if
// there is no room for a peer that has nothing in flight, the round waits with it at the front.
void Server::State::take_turns() {
  starved = false;
  while (!turns.empty()) {
    ServedPeer& peer = *turns.front();
    const auto leave = [&] {
      peer.has_turn = peer.turn_started = false;
      peer.deficit = 0;
      turns.pop_front();
    };
    if (peer.ready.empty()) {
      leave();
      continue;
    }
    const uint64_t least = least_message(peer);
    const bool idle = peer.bytes_in_flight == 0;
    if (!idle && least > own_room(peer)) {
      leave();
      continue;
    }
    if (bytes_in_flight != 0 && least > room()) {
      starved = true;
      close_stalled();
      return;
    }
    if (!peer.turn_started) {
      peer.turn_started = true;
      peer.deficit += limits.message_bytes_max;
    }
    if (peer.ready.top_cost() > peer.deficit) {
      peer.turn_started = false;
      turns.pop_front();
      turns.push_back(&peer);
      continue;
    }
    send_message(peer, std::min(peer.deficit, std::max(own_room(peer), idle ? least : 0)));
  }
}

void Server::State::send_message(ServedPeer& peer, uint64_t bytes_max) {
  bytes_max = std::min(bytes_max, limits.message_bytes_max);
  SendBlocks message;
  message.peer = peer.id;
  InFlight sent;
  for (size_t entries = 0; entries < kEntriesMax && !peer.ready.empty(); ++entries) {
    const uint64_t cost = peer.ready.top_cost();
    if (sent.bytes != 0 && sent.bytes + cost > bytes_max) break;
    sent.bytes += cost;
    add_to_message(peer, message, sent);
  }
  peer.deficit -= std::min(peer.deficit, sent.bytes);
  message.bytes = sent.bytes;
  message.pending_bytes =
      static_cast<int32_t>(std::min<uint64_t>(peer.ready_block_bytes, INT32_MAX));
  in_flight(peer, sent);
  out.emplace_back(std::move(message));
}

// The first answer of the queue. Only a dont-have leaves its want behind; a want whose block is on
// the way is kept so that it is not sent again meanwhile.
void Server::State::add_to_message(ServedPeer& peer, SendBlocks& message, InFlight& sent) {
  const uint32_t want = peer.ready.top();
  prefetch_upcoming(peer.ready);
  const WantRecord& record = wants[want];
  Cid cid = cids.cid(record.cid);
  switch (record.state) {
    case WantState::kReadyBlock:
      message.blocks.push_back(std::move(cid));
      sent.block_bytes += record.bytes;
      move_want(peer, want, WantState::kSent);
      wants[want].next = std::exchange(sent.first, want);
      ++sent.blocks;
      // Near, for when it was written.
      peer.wants.prefetch(record.cid);
      break;
    case WantState::kReadyHave:
      message.presences.push_back({std::move(cid), Presence::kHave});
      remove_want(peer, want);
      break;
    default:
      message.presences.push_back({std::move(cid), Presence::kDontHave});
      move_want(peer, want, WantState::kWaiting);
      break;
  }
}

void Server::State::in_flight(ServedPeer& peer, const InFlight& sent) {
  if (peer.in_flight.empty()) {
    peer.progress_ns = now_ns;
    expect_progress(peer);
  }
  peer.bytes_in_flight += sent.bytes;
  bytes_in_flight += sent.bytes;
  peer.in_flight.push_back(sent);
}

// Wants over a limit: said at once, or, to a peer that does not read, not at all.
void Server::State::refuse(ServedPeer& peer, std::vector<BlockPresence> dont_have) {
  InFlight sent;
  for (const BlockPresence& presence : dont_have)
    sent.bytes += presence_bytes(presence.cid.bytes().size());
  if (sent.bytes > own_room(peer)) return;
  SendBlocks message;
  message.peer = peer.id;
  message.presences = std::move(dont_have);
  message.bytes = sent.bytes;
  in_flight(peer, sent);
  out.emplace_back(std::move(message));
}

void Server::State::expect_progress(const ServedPeer& peer) {
  stall_check_ns = std::min(stall_check_ns, peer.progress_ns + limits.stall_ns);
}

void Server::State::close_stalled() {
  if (now_ns < stall_check_ns) return;
  stall_check_ns = UINT64_MAX;
  for (ServedPeer* peer : by_number) {
    if (peer == nullptr || peer->in_flight.empty() || peer->closing) continue;
    if (peer->progress_ns + limits.stall_ns > now_ns) {
      expect_progress(*peer);
      continue;
    }
    peer->closing = true;
    out.emplace_back(ClosePeer{peer->id});
  }
}

}  // namespace timerose::bitswap
