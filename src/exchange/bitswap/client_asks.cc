// One want at one peer: asking, cancelling, and the lists that keep count of it.
#include <algorithm>

#include "exchange/bitswap/client_state.h"

namespace timerose::bitswap {

Ask& Client::State::ask_of(SoughtBlock& want, PeerRecord& peer) {
  if (Ask* ask = find_ask(want, peer)) return *ask;
  Ask& ask = *want.asks.emplace_back(std::make_unique<Ask>());
  want.asked.push_back(&peer);
  ask.want = &want;
  ask.peer = &peer;
  ++peer.references;
  return ask;
}

// The only place where an ask changes its state, and with it its list and the counts.
void Client::State::change(Ask& ask, AskState state) {
  PeerRecord& peer = *ask.peer;
  switch (ask.state) {
    case AskState::kBlock:
      peer.waiting.erase(ask.place);
      peer.bytes_waiting -= ask.bytes;
      peer.bytes_at_most -= ask.bytes_at_most;
      --ask.want->blocks_waiting;
      note(peer);
      break;
    case AskState::kLate:
      peer.late.erase(ask.place);
      peer.bytes_waiting -= ask.bytes;
      peer.bytes_at_most -= ask.bytes_at_most;
      note(peer);
      break;
    case AskState::kPresence:
      peer.presences.erase(ask.place);
      --ask.want->presences_waiting;
      break;
    default:
      break;
  }
  ask.state = state;
  switch (state) {
    case AskState::kBlock:
      ask.place = peer.waiting.insert(peer.waiting.end(), &ask);
      peer.bytes_waiting += ask.bytes;
      peer.bytes_at_most += ask.bytes_at_most;
      ++ask.want->blocks_waiting;
      note(peer);
      break;
    case AskState::kLate:
      ask.place = peer.late.insert(peer.late.end(), &ask);
      peer.bytes_waiting += ask.bytes;
      peer.bytes_at_most += ask.bytes_at_most;
      break;
    case AskState::kPresence:
      ask.place = peer.presences.insert(peer.presences.end(), &ask);
      ++ask.want->presences_waiting;
      break;
    default:
      break;
  }
}

void Client::State::ask_block(SoughtBlock& want, PeerRecord& peer) {
  Ask& ask = ask_of(want, peer);
  change(ask, AskState::kNothing);
  ask.alone = peer.blocks_waiting() == 0;
  ask.ahead = peer.blocks_waiting();
  ask.answers_before = peer.answers;
  ask.asked_ns = now_ns_;
  ask.bytes = supposed_bytes(want);
  ask.bytes_at_most = supposed_bytes(want, kBlockBytesSupposedMost);
  ask.sent = true;
  ask.again = false;
  change(ask, AskState::kBlock);
  take_off(want);
  if (peer.outbox.empty()) addressed_.push_back(&peer);
  peer.outbox.push_back({.cid = want.cid,
                         .priority = priority_,
                         .type = WantType::kBlock,
                         .cancel = false,
                         .send_dont_have = peer.knows_have()});
  priority_ = priority_ > 1 ? priority_ - 1 : INT32_MAX;
}

void Client::State::ask_presence(SoughtBlock& want, PeerRecord& peer) {
  Ask& ask = ask_of(want, peer);
  ask.asked_ns = now_ns_;
  ask.sent = true;
  ask.again = false;
  ask.alone = peer.blocks_waiting() == 0;
  change(ask, AskState::kPresence);
  if (peer.outbox.empty()) addressed_.push_back(&peer);
  peer.outbox.push_back({.cid = want.cid,
                         .priority = priority_,
                         .type = WantType::kHave,
                         .cancel = false,
                         .send_dont_have = true});
}

// A peer that said it has not keeps the want too, and would send the block when it comes by it.
void Client::State::cancel(Ask& ask) {
  if (!ask.sent || !ask.peer->connected) return;
  ask.sent = false;
  PeerRecord& peer = *ask.peer;
  if (peer.outbox.empty()) addressed_.push_back(&peer);
  peer.outbox.push_back({.cid = ask.want->cid,
                         .priority = 0,
                         .type = WantType::kBlock,
                         .cancel = true,
                         .send_dont_have = false});
}

// The peer may still send it; others are asked as well.
void Client::State::overdue(Ask& ask) {
  change(ask, AskState::kLate);
  reassign(*ask.want);
}

uint64_t Client::State::supposed_bytes(const SoughtBlock& want, uint64_t unseen) const {
  const SessionRecord& session = want.home();
  const uint64_t seen = want.cid.codec() == Codec::kRaw ? session.raw_bytes : session.node_bytes;
  return seen != 0 ? seen : unseen;
}

// Refilled a quarter at a time: messages of many wants, while the peer still has three quarters to
// send.
bool Client::State::has_room(PeerRecord& peer) const {
  if (!peer.knows_have() && peer.blocks == 0) return peer.blocks_waiting() == 0;
  const uint64_t wants = peer.blocks_waiting();
  if (peer.full) {
    peer.full = wants > limits_.peer_wants_max / 4 * 3 ||
                peer.bytes_at_most > limits_.peer_bytes_max / 4 * 3;
  }
  if (!peer.full) {
    peer.full = wants >= limits_.peer_wants_max || peer.bytes_at_most >= limits_.peer_bytes_max;
  }
  return !peer.full;
}

}  // namespace timerose::bitswap
