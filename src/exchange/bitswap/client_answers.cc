// What peers send: blocks, and who has what.
#include <algorithm>
#include <string>
#include <utility>

#include "exchange/bitswap/client_state.h"

namespace timerose::bitswap {
namespace {

// Answers that a peer may give to later wants before an earlier one counts as passed over.
constexpr uint64_t kSkipSlack = 64;

double smooth(double old, bool hit) { return old * 0.9 + (hit ? 0.1 : 0.0); }

uint64_t smooth_size(uint64_t old, uint64_t bytes) {
  return old == 0 ? std::max<uint64_t>(bytes, 1) : (old * 7 + bytes + 7) / 8;
}

}  // namespace

void Client::State::on(const BlocksArrived& event) {
  PeerRecord& from = peer_of(event.from);
  for (const BlocksArrived::One& one : event.blocks) block(from, one);
  for (const BlockPresence& presence : event.presences) {
    if (presence.presence == Presence::kHave) {
      has(from, presence.cid);
    } else {
      has_not(from, presence.cid);
    }
  }
  pass_over_skipped(from);
  note(from);
}

void Client::State::block(PeerRecord& from, const BlocksArrived::One& one) {
  SoughtBlock* want = find_want(one.cid);
  if (want == nullptr) return stray_block(from, one);
  ++from.blocks;
  from.bytes += one.bytes;
  ++from.answers;
  heard(from);
  from.served = want->home().id;
  if (const Ask* ask = find_ask(*want, from); ask != nullptr && ask->alone) {
    from.meter.answered(ask->asked_ns, now_ns_);
  }
  Accept accept{.cid = one.cid, .from = from.id, .duplicate = false, .sessions = {}};
  for (const auto& claim : want->claims) {
    SessionRecord& session = *claim->session;
    accept.sessions.push_back(session.id);
    uint64_t& size = one.cid.codec() == Codec::kRaw ? session.raw_bytes : session.node_bytes;
    size = smooth_size(size, one.bytes);
    if (from.usable()) join(session, from);
    score(session, from, true);
    progress(session);
    note(session);
  }
  actions_.emplace_back(std::move(accept));
  finish(*want, &from);
  from.meter.received(one.bytes, from.blocks_waiting() > 0, now_ns_);
}

// Nobody waits for it: it comes late, or it was never asked for.
void Client::State::stray_block(PeerRecord& from, const BlocksArrived::One& one) {
  from.meter.received(one.bytes, from.blocks_waiting() > 0, now_ns_);
  if (const auto id = recent_.session_of(one.cid)) {
    ++from.duplicates;
    // Another was quicker this time; the next ones may come from here.
    SessionRecord* session = find_session(*id);
    if (session != nullptr && from.usable()) join(*session, from);
    actions_.emplace_back(
        Accept{.cid = one.cid, .from = from.id, .duplicate = true, .sessions = {}});
    return;
  }
  ++from.unwanted;
  // While something was asked for, these were the bytes it sent for it.
  if (from.blocks_waiting() > 0) return wrong_bytes(from, 1);
  if (from.unwanted >= kUnwantedBlocksMax && from.unwanted > from.blocks) {
    avoid(from, "sent " + std::to_string(from.unwanted) + " blocks that were not asked for, and " +
                    std::to_string(from.blocks) + " that were");
  }
}

void Client::State::has(PeerRecord& from, const Cid& cid) {
  SoughtBlock* want = find_want(cid);
  if (want == nullptr) {
    // The block came from someone else first; the next ones may come from here.
    const auto id = recent_.session_of(cid);
    SessionRecord* session = id ? find_session(*id) : nullptr;
    if (session != nullptr && from.usable()) join(*session, from);
    return;
  }
  Ask& ask = ask_of(*want, from);
  if (ask.state == AskState::kBlock || ask.state == AskState::kLate) return;  // it is to send it
  if (ask.state == AskState::kPresence) {
    heard(from);
    if (ask.alone) from.meter.answered(ask.asked_ns, now_ns_);
  }
  change(ask, AskState::kHas);
  ask.again = false;
  if (from.usable()) {
    for (const auto& claim : want->claims) join(*claim->session, from);
  }
  reassign(*want);
}

void Client::State::has_not(PeerRecord& from, const Cid& cid) {
  SoughtBlock* want = find_want(cid);
  Ask* ask = want == nullptr ? nullptr : find_ask(*want, from);
  if (ask == nullptr || !ask->sent) return;
  const AskState before = ask->state;
  const bool for_block = before == AskState::kBlock || before == AskState::kLate;
  if (for_block || before == AskState::kPresence) {
    heard(from);
    if (for_block) ++from.answers;
    if (ask->alone) from.meter.answered(ask->asked_ns, now_ns_);
  }
  change(*ask, AskState::kHasNot);
  ask->refused = true;
  ask->again = false;
  if (for_block) {
    for (const auto& claim : want->claims) score(*claim->session, from, false);
  }
  // Once the last one has answered, or the one that was asked for the block.
  if (for_block || want->presences_waiting == 0) reassign(*want);
}

void Client::State::score(SessionRecord& session, PeerRecord& peer, bool hit) {
  peer.hit_rate = smooth(peer.hit_rate, hit);
  Member* member = find_member(session, peer);
  if (member == nullptr) return;
  member->hit_rate = smooth(member->hit_rate, hit);
  if (hit) {
    ++member->blocks;
    member->misses_in_row = 0;
  } else if (++member->misses_in_row >= kMissesInRowMax && session.members.size() > 1) {
    leave(session, peer);
  }
}

// Peers answer roughly in the order in which they were asked. One that has answered much that was
// asked later has lost the want, dropped it, or sent bytes that were no block.
void Client::State::pass_over_skipped(PeerRecord& peer) {
  while (!peer.waiting.empty()) {
    Ask& oldest = *peer.waiting.front();
    if (peer.answers - oldest.answers_before <= 2 * oldest.ahead + kSkipSlack) return;
    if (now_ns_ - oldest.asked_ns < limits_.answer_timeout_min_ns) return;
    oldest.again = true;
    overdue(oldest);
  }
}

void Client::State::on(const BadBlocks& event) { wrong_bytes(peer_of(event.from), event.count); }

void Client::State::wrong_bytes(PeerRecord& from, uint32_t count) {
  from.bad += count;
  if (from.bad >= kBadBlocksMax) {
    return avoid(from, "sent " + std::to_string(from.bad) +
                           " blocks whose bytes were none of those that it was asked for");
  }
  // Which want they were meant for cannot be known, so all are asked for elsewhere; where there is
  // no elsewhere, here once more.
  while (!from.waiting.empty()) {
    Ask& ask = *from.waiting.front();
    ask.again = true;
    overdue(ask);
  }
  note(from);
}

void Client::State::avoid(PeerRecord& peer, std::string why) {
  if (std::exchange(peer.avoided, true)) return;
  withdraw(peer);
  actions_.emplace_back(AvoidPeer{.peer = peer.id, .why = std::move(why)});
}

}  // namespace timerose::bitswap
