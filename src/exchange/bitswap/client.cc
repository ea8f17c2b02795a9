#include "exchange/bitswap/client.h"

#include <algorithm>
#include <utility>

#include "exchange/bitswap/client_state.h"

namespace timerose::bitswap {
namespace {

ClientPeerStat stat_of(const PeerRecord& peer) {
  return {.peer = peer.id,
          .blocks = peer.blocks,
          .bytes = peer.bytes,
          .duplicate_blocks = peer.duplicates,
          .unwanted_blocks = peer.unwanted,
          .bad_blocks = peer.bad,
          .latency_ns = peer.meter.latency_ns(),
          .bytes_per_second = peer.meter.bytes_per_second(),
          .waiting = peer.blocks_waiting()};
}

}  // namespace

Client::Client(Random& random, const ClientLimits& limits)
    : state_(std::make_unique<State>(random, limits)) {}
Client::~Client() = default;

std::vector<ClientAction> Client::step(uint64_t now_ns, const ClientEvent& event) {
  return state_->step(now_ns, event);
}
uint64_t Client::next_tick_ns() const { return state_->next_tick_ns(); }
bool Client::wants(const Cid& cid) const { return state_->wants(cid); }
std::vector<Cid> Client::wantlist() const { return state_->wantlist(); }
std::vector<ClientPeerStat> Client::peers() const { return state_->peers(); }
std::optional<ClientPeerStat> Client::peer(const PeerId& id) const { return state_->peer(id); }

std::vector<ClientAction> Client::State::step(uint64_t now_ns, const ClientEvent& event) {
  now_ns_ = std::max(now_ns_, now_ns);
  std::visit([this](const auto& happened) { on(happened); }, event);
  settle();
  flush();
  forget_departed();
  return std::exchange(actions_, {});
}

// Peers and sessions mark each other while they are looked at; every turn asks for something or
// leaves a mark cleared, so it ends.
void Client::State::settle() {
  while (!changed_peers_.empty() || !changed_sessions_.empty()) {
    for (PeerRecord* peer : std::exchange(changed_peers_, {})) {
      peer->changed = false;
      serve(*peer);
    }
    for (SessionId id : std::exchange(changed_sessions_, {})) {
      SessionRecord* session = find_session(id);
      if (session == nullptr) continue;
      session->changed = false;
      pump(*session, SIZE_MAX);
      search(*session);
      arm(*session);
    }
  }
}

void Client::State::flush() {
  for (PeerRecord* peer : std::exchange(addressed_, {})) {
    std::vector<bitswap::Want> wants = std::exchange(peer->outbox, {});
    if (!peer->connected) continue;
    for (size_t begin = 0; begin < wants.size(); begin += kMessageWantsMax) {
      const size_t end = std::min(begin + kMessageWantsMax, wants.size());
      SendWants message{.peer = peer->id, .full = false, .wants = {}};
      message.wants.assign(std::make_move_iterator(wants.begin() + static_cast<ptrdiff_t>(begin)),
                           std::make_move_iterator(wants.begin() + static_cast<ptrdiff_t>(end)));
      actions_.emplace_back(std::move(message));
    }
  }
}

void Client::State::on(const OpenSession& event) {
  SessionRecord& session = session_of(event.session);
  for (const PeerId& id : event.providers) {
    PeerRecord& peer = peer_of(id);
    if (peer.usable()) {
      join(session, peer);
    } else if (!peer.avoided) {
      session.dial_awaited = true;
      await(session, peer);
    }
  }
  note(session);
}

void Client::State::on(const CloseSession& event) {
  SessionRecord* session = find_session(event.session);
  if (session == nullptr) return;
  while (!session->claims.empty()) unclaim(*session->claims.back());
  while (!session->members.empty()) leave(*session, *session->members.back().peer);
  while (!session->awaited.empty()) stop_awaiting(*session, *session->awaited.back());
  timers_.remove(*session);
  needy_.erase(session->id);
  sessions_.erase(event.session);
}

void Client::State::on(const WantBlocks& event) {
  SessionRecord& session = session_of(event.session);
  if (session.claims.empty()) progress(session);
  for (const Cid& cid : event.cids) claim(session, cid, event.deadline_ns);
  note(session);
}

void Client::State::on(const DropWants& event) {
  SessionRecord* session = find_session(event.session);
  if (session == nullptr) return;
  for (const Cid& cid : event.cids) {
    SoughtBlock* want = find_want(cid);
    if (want == nullptr) continue;
    auto claim = std::find_if(want->claims.begin(), want->claims.end(),
                              [&](const auto& each) { return each->session == session; });
    if (claim != want->claims.end()) unclaim(**claim);
  }
  note(*session);
}

void Client::State::on(const BlockStored& event) {
  SoughtBlock* want = find_want(event.cid);
  if (want == nullptr) return;
  for (const auto& claim : want->claims) {
    progress(*claim->session);
    note(*claim->session);
  }
  finish(*want, nullptr);
}

void Client::State::on(const Tick& /*event*/) {
  // What is settled may shorten the time of another peer, to a moment that has passed.
  while (timers_.next_ns() <= now_ns_) {
    while (Timer* timer = timers_.take_due(now_ns_)) wake(*timer);
    settle();
  }
}

void Client::State::wake(Timer& timer) {
  switch (timer.kind) {
    case Timer::Kind::kPeer:
      return silent(static_cast<PeerRecord&>(timer));
    case Timer::Kind::kSession:
      return quiet(static_cast<SessionRecord&>(timer));
    case Timer::Kind::kClaim:
      return give_up(static_cast<Claim&>(timer));
  }
}

void Client::State::give_up(Claim& claim) {
  SessionRecord& session = *claim.session;
  actions_.emplace_back(GiveUp{.session = session.id,
                               .cid = claim.want->cid,
                               .why = why_given_up(*claim.want, session, now_ns_)});
  unclaim(claim);
  note(session);
}

std::vector<Cid> Client::State::wantlist() const {
  std::vector<Cid> cids;
  cids.reserve(wants_.size());
  for (const auto& [cid, want] : wants_) cids.push_back(cid);
  std::sort(cids.begin(), cids.end());
  return cids;
}

std::vector<ClientPeerStat> Client::State::peers() const {
  std::vector<ClientPeerStat> stats;
  stats.reserve(connected_.size());
  for (const PeerRecord* peer : connected_) stats.push_back(stat_of(*peer));
  return stats;
}

std::optional<ClientPeerStat> Client::State::peer(const PeerId& id) const {
  auto entry = peers_.find(std::string(as_text(id.bytes())));
  if (entry == peers_.end() || !entry->second->usable()) return std::nullopt;
  return stat_of(*entry->second);
}

}  // namespace timerose::bitswap
