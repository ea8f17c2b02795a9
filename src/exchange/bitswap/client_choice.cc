// Who is asked for what: the peer from which a block is expected soonest, among those that may have
// it; all connected peers only where no member of the session has it.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "exchange/bitswap/client_state.h"

namespace timerose::bitswap {
namespace {

// Less is better. Anything from kDoubtful on is asked only where nobody else is left.
enum Rank : uint32_t { kSaidHas = 0, kUnasked = 1, kAskedBefore = 2, kDoubtful = 3 };

// Wants that one session may ask for before another one's turn comes at the same peer.
constexpr size_t kTurnWants = 32;
constexpr double kHitRateMin = 1.0 / 16;
// A peer with room that takes so many times longer than one without is not asked.
constexpr uint64_t kWorthWaiting = 2;
// Wants that are looked at when some are to be moved to an idle peer.
constexpr size_t kMoveWantsMax = 256;

// Peers of 1.0.0 name blocks by their multihash alone.
bool can_name(const PeerRecord& peer, const Cid& cid) {
  return peer.version != Version::k100 || cid.version() == 0;
}

bool may_ask(const Ask* ask) {
  if (ask == nullptr) return true;
  switch (ask->state) {
    case AskState::kNothing:
    case AskState::kHas:
    case AskState::kGone:
      return true;
    case AskState::kBlock:
      return false;
    default:
      return ask->again;
  }
}

// A presence that was asked for does not keep a peer from being asked for the block.
bool may_ask_block(const Ask* ask) { return may_ask(ask) || ask->state == AskState::kPresence; }

uint32_t rank(const Ask* ask, const PeerRecord& peer) {
  uint32_t rank = kUnasked;
  if (ask != nullptr && ask->state == AskState::kHas) rank = kSaidHas;
  if (ask != nullptr && ask->again) rank = kAskedBefore;
  return peer.doubtful() ? rank + kDoubtful : rank;
}

}  // namespace

// Asks for what can be asked for; what cannot stands elsewhere when it returns, or the session
// waits for room. True if only `wants_max` has ended it.
bool Client::State::pump(SessionRecord& session, size_t wants_max) {
  if (session.members.empty() && connected_.size() == 1 && connected_.front()->knows_have()) {
    join(session, *connected_.front());  // nobody to choose from
  }
  if (session.members.empty() && session.dial_awaited) return false;
  while (!session.ready.empty()) {
    if (wants_max-- == 0) return true;
    if (!place(session, *session.ready.front())) return false;
  }
  return false;
}

// False if this want, and so all behind it, must wait where they are.
bool Client::State::place(SessionRecord& session, SoughtBlock& want) {
  const Choice choice = choose(want);
  // A quick peer that is full for now is worth waiting for.
  const bool wait =
      choice.full != nullptr && choice.full_rank < kDoubtful &&
      (choice.peer_rank >= kDoubtful || (choice.full_rank <= choice.peer_rank &&
                                         choice.full_cost < choice.peer_cost / kWorthWaiting));
  if (wait) {
    if (!want.asks.empty() || find_member(session, *choice.full) == nullptr) {
      put(want, choice.full->held);
      return true;
    }
    wait_for_room(session);
    return false;
  }
  if (choice.peer != nullptr && choice.peer_rank < kDoubtful) {
    ask_block(want, *choice.peer);
    hedge(want, *choice.peer);
    return true;
  }
  if (session.probes_left == 0 && session.members.empty()) return false;
  if (probe(session, want)) return true;
  // Room at a doubtful peer is not worth waiting for.
  if (choice.peer != nullptr) {
    ask_block(want, *choice.peer);
  } else if (want.presences_waiting > 0) {
    take_off(want);
  } else {
    starve(session, want);
  }
  return true;
}

Client::State::Choice Client::State::choose(const SoughtBlock& want) {
  Choice choice;
  for (const auto& claim : want.claims) {
    for (const Member& member : claim->session->members) {
      consider(choice, want, *member.peer, member.hit_rate);
    }
  }
  for (const auto& ask : want.asks) {
    if (ask->state == AskState::kHas) consider(choice, want, *ask->peer, ask->peer->hit_rate);
  }
  return choice;
}

void Client::State::consider(Choice& choice, const SoughtBlock& want, PeerRecord& peer,
                             double hit_rate) {
  if (!peer.usable() || !can_name(peer, want.cid)) return;
  const Ask* ask = want.asks.empty() ? nullptr : find_ask(want, peer);
  if (!may_ask_block(ask)) return;
  const bool room = has_room(peer);
  uint32_t& rank_best = room ? choice.peer_rank : choice.full_rank;
  uint64_t& cost_best = room ? choice.peer_cost : choice.full_cost;
  const uint32_t rank_here = rank(ask, peer);
  if (rank_here > rank_best) return;
  const uint64_t bytes = peer.bytes_waiting + supposed_bytes(want);
  const auto cost = static_cast<uint64_t>(static_cast<double>(peer.meter.expected_ns(bytes)) /
                                          std::max(hit_rate, kHitRateMin));
  if (rank_here == rank_best && cost >= cost_best) return;
  rank_best = rank_here;
  cost_best = cost;
  (room ? choice.peer : choice.full) = &peer;
}

size_t Client::State::pick(size_t count) {
  if (count <= 1) return 0;
  std::array<uint8_t, sizeof(uint32_t)> bytes{};
  random_.fill(bytes);
  uint32_t number = 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  return number % count;
}

// Asks connected peers that are no members: the most promising one for the block, at once, and all
// others whether they have it. False if there is nobody new to ask.
bool Client::State::probe(SessionRecord& session, SoughtBlock& want) {
  PeerRecord* best = nullptr;
  double best_score = 0;
  std::vector<PeerRecord*> others;
  PeerRecord* old = nullptr;
  // From somewhere else each time, so that among equals it is not always the same that is asked.
  const size_t begin = pick(connected_.size());
  for (size_t i = 0; i < connected_.size(); ++i) {
    PeerRecord* peer = connected_[(begin + i) % connected_.size()];
    const Ask* ask = find_ask(want, *peer);
    if (!may_ask(ask) || peer->doubtful() || !can_name(*peer, want.cid)) continue;
    if (!peer->knows_have()) {
      if (old == nullptr && has_room(*peer)) old = peer;
      continue;
    }
    others.push_back(peer);
    const double score =
        peer->hit_rate /
        static_cast<double>(peer->meter.expected_ns(peer->bytes_waiting + supposed_bytes(want)));
    if (has_room(*peer) && (best == nullptr || score > best_score)) {
      best = peer;
      best_score = score;
    }
  }
  // Peers that cannot say what they have are asked one after the other, when the rest is through.
  if (others.empty()) best = old;
  if (others.empty() && best == nullptr) return false;
  if (session.probes_left == 0) {
    put(want, session.unprobed);
    return true;
  }
  --session.probes_left;
  end_probe(want);
  want.probed = true;
  for (PeerRecord* peer : others) {
    if (peer != best) ask_presence(want, *peer);
  }
  if (best != nullptr) ask_block(want, *best);
  take_off(want);
  return true;
}

// One member did not have it: the rest is asked who has, so that the next miss costs no round trip.
void Client::State::hedge(SoughtBlock& want, const PeerRecord& chosen) {
  if (want.asks.size() < 2) return;
  const bool missed = std::any_of(want.asks.begin(), want.asks.end(), [](const auto& ask) {
    return ask->state == AskState::kHasNot || ask->state == AskState::kLate;
  });
  if (!missed) return;
  size_t asked = 0;
  for (const Member& member : want.home().members) {
    PeerRecord& peer = *member.peer;
    if (asked == kHedgePeersMax) return;
    if (&peer == &chosen || !peer.usable() || !peer.knows_have() || peer.doubtful()) continue;
    if (find_ask(want, peer) != nullptr) continue;
    ask_presence(want, peer);
    ++asked;
  }
}

void Client::State::wait_for_room(SessionRecord& session) {
  for (Member& member : session.members) {
    if (member.waited_for || !member.peer->usable() || has_room(*member.peer)) continue;
    member.waited_for = true;
    member.peer->waiters.push_back(session.id);
  }
}

// What waited for the peer's room gets it: first the wants that only it can have, then the sessions
// that have more to ask, in turns.
void Client::State::serve(PeerRecord& peer) {
  while (!peer.held.empty() && (has_room(peer) || !peer.usable())) {
    SoughtBlock& want = *peer.held.front();
    if (peer.usable() && may_ask_block(find_ask(want, peer))) {
      ask_block(want, peer);
    } else {
      reassign(want);
    }
  }
  while (peer.usable() && !peer.waiters.empty() && has_room(peer)) {
    SessionRecord* session = find_session(peer.waiters.front());
    peer.waiters.pop_front();
    if (session == nullptr) continue;
    Member* member = find_member(*session, peer);
    if (member == nullptr) continue;
    member->waited_for = false;
    const bool more = pump(*session, kTurnWants);
    member = find_member(*session, peer);
    if (more && member != nullptr && !std::exchange(member->waited_for, true)) {
      peer.waiters.push_back(session->id);
    }
  }
  SessionRecord* latest = peer.served ? find_session(*peer.served) : nullptr;
  if (peer.usable() && latest != nullptr && latest->ready.empty()) rebalance(*latest);
  arm(peer);
}

// Near the end of a session's wants: a member that has nothing left to send takes over the last
// wants of the one that will be busy longest, as many as let both end at the same time.
void Client::State::rebalance(SessionRecord& session) {
  PeerRecord* idle = nullptr;
  PeerRecord* busy = nullptr;
  uint64_t busy_ns = 0;
  for (const Member& member : session.members) {
    PeerRecord& peer = *member.peer;
    if (peer.blocks_waiting() == 0) {
      if (member.blocks > 0 && !peer.doubtful() && peer.knows_have()) idle = &peer;
    } else if (!peer.waiting.empty() && peer.meter.bytes_per_second() != 0) {
      const uint64_t takes_ns = peer.meter.transfer_ns(peer.bytes_waiting);
      if (busy == nullptr || takes_ns > busy_ns) busy = &peer, busy_ns = takes_ns;
    }
  }
  if (idle == nullptr || busy == nullptr) return;
  const uint64_t way_ns = idle->meter.expected_ns(busy->waiting.back()->bytes);
  // What is on its way already would come twice.
  if (busy_ns < 2 * way_ns + 2 * busy->meter.latency_ns()) return;
  const double busy_rate = static_cast<double>(busy->meter.bytes_per_second());
  const double idle_rate =
      static_cast<double>(std::max<uint64_t>(idle->meter.bytes_per_second(), 1 << 20));
  const double share = idle_rate / (idle_rate + busy_rate);
  auto bytes_left = static_cast<uint64_t>(static_cast<double>(busy->bytes_waiting) * share);
  std::vector<Ask*> moved;
  size_t looked_at = 0;
  for (auto each = busy->waiting.rbegin();
       each != busy->waiting.rend() && looked_at < kMoveWantsMax; ++each, ++looked_at) {
    Ask* ask = *each;
    if (&ask->want->home() != &session || ask->want->blocks_waiting > 1) continue;
    if (!may_ask_block(find_ask(*ask->want, *idle))) continue;
    if (ask->bytes > bytes_left) break;
    bytes_left -= ask->bytes;
    moved.push_back(ask);
  }
  for (auto each = moved.rbegin(); each != moved.rend(); ++each) {
    cancel(**each);
    change(**each, AskState::kNothing);
    ask_block(*(*each)->want, *idle);
    if (!has_room(*idle)) break;
  }
}

}  // namespace timerose::bitswap
