// Who is there, in which sessions, and what it means when one says nothing.
#include <algorithm>
#include <utility>

#include "exchange/bitswap/client_state.h"

namespace timerose::bitswap {

PeerRecord& Client::State::peer_of(const PeerId& id) {
  std::unique_ptr<PeerRecord>& peer = peers_[std::string(as_text(id.bytes()))];
  if (!peer) {
    peer = std::make_unique<PeerRecord>(id);
    departed_.push_back(peer.get());
  }
  return *peer;
}

void Client::State::on(const PeerConnected& event) {
  PeerRecord& peer = peer_of(event.peer);
  peer.version = event.version;
  if (std::exchange(peer.connected, true) || peer.avoided) return;
  peer.heard_ns = now_ns_;
  peer.silent = false;
  connected_.push_back(&peer);
  for (SessionId id : std::set<SessionId>(peer.awaited_by)) {
    SessionRecord& session = *find_session(id);
    stop_awaiting(session, peer);
    join(session, peer);
  }
  // It may have what nobody else has.
  for (SessionId id : needy_) {
    SessionRecord& session = *find_session(id);
    put_all(session.searched, session, kProbesMax);
    put_all(session.starved, session, kProbesMax);
    note(session);
  }
  note(peer);
}

void Client::State::on(const PeerDisconnected& event) {
  PeerRecord& peer = peer_of(event.peer);
  if (!peer.connected) return;
  peer.connected = false;
  const std::set<SessionId> sessions = peer.sessions;
  if (!peer.avoided) withdraw(peer);
  for (SessionId id : sessions) {
    SessionRecord* session = find_session(id);
    // Nobody else is known to have the rest.
    if (session != nullptr && session->members.empty() && !session->claims.empty()) {
      await(*session, peer);
    }
  }
  if (peer.references == 0) departed_.push_back(&peer);
}

// From every session and list; what it was asked for is asked for elsewhere.
void Client::State::withdraw(PeerRecord& peer) {
  std::erase(connected_, &peer);
  for (SessionId id : std::set<SessionId>(peer.sessions)) leave(*find_session(id), peer);
  for (SessionId id : std::set<SessionId>(peer.awaited_by)) stop_awaiting(*find_session(id), peer);
  peer.waiters.clear();
  peer.meter.pause();
  peer.full = false;
  drop_asks(peer);
  while (!peer.held.empty()) reassign(*peer.held.front());
  timers_.remove(peer);
}

void Client::State::drop_asks(PeerRecord& peer) {
  for (std::list<Ask*>* asks : {&peer.waiting, &peer.late, &peer.presences}) {
    while (!asks->empty()) {
      Ask& ask = *asks->front();
      ask.sent = false;
      change(ask, AskState::kGone);
      reassign(*ask.want);
    }
  }
}

void Client::State::join(SessionRecord& session, PeerRecord& peer) {
  if (find_member(session, peer) != nullptr) return;
  if (session.members.size() >= limits_.session_peers_max) {
    // One that has never sent anything makes way.
    auto useless =
        std::find_if(session.members.begin(), session.members.end(), [](const Member& member) {
          return member.blocks == 0 && member.peer->blocks_waiting() == 0;
        });
    if (useless == session.members.end()) return;
    leave(session, *useless->peer);
  }
  session.members.push_back({.peer = &peer});
  session.dial_awaited = false;
  peer.sessions.insert(session.id);
  ++peer.references;
  for (SoughtQueue* queue : {&session.unprobed, &session.starved, &session.searched}) {
    put_all(*queue, session, SIZE_MAX);
  }
  note(session);
}

void Client::State::leave(SessionRecord& session, PeerRecord& peer) {
  auto member = std::find_if(session.members.begin(), session.members.end(),
                             [&](const Member& each) { return each.peer == &peer; });
  if (member == session.members.end()) return;
  session.members.erase(member);
  peer.sessions.erase(session.id);
  release(peer);
  note(session);
}

// A provider that is not connected: the session takes it in once it is.
void Client::State::await(SessionRecord& session, PeerRecord& peer) {
  if (session.awaited.size() >= kAwaitedPeersMax) return;
  if (peer.awaited_by.insert(session.id).second) {
    session.awaited.push_back(&peer);
    ++peer.references;
  }
  dial(peer);
}

void Client::State::stop_awaiting(SessionRecord& session, PeerRecord& peer) {
  if (peer.awaited_by.erase(session.id) == 0) return;
  std::erase(session.awaited, &peer);
  release(peer);
}

void Client::State::dial(PeerRecord& peer) {
  const bool lately = peer.dialed_ns != 0 && now_ns_ - peer.dialed_ns < limits_.search_after_ns;
  if (lately || peer.connected || peer.avoided) return;
  peer.dialed_ns = std::max<uint64_t>(now_ns_, 1);
  actions_.emplace_back(DialPeer{.peer = peer.id});
}

// It has let its time pass without a word.
void Client::State::silent(PeerRecord& peer) {
  peer.silent = true;
  peer.meter.pause();
  while (!peer.waiting.empty()) overdue(*peer.waiting.front());
  while (!peer.held.empty()) reassign(*peer.held.front());
  note(peer);
}

// Back after a silence: what found nobody meanwhile may be asked of it.
void Client::State::heard(PeerRecord& peer) {
  peer.heard_ns = now_ns_;
  if (!std::exchange(peer.silent, false)) return;
  for (SessionId id : peer.sessions) {
    SessionRecord& session = *find_session(id);
    put_all(session.searched, session, SIZE_MAX);
    put_all(session.starved, session, SIZE_MAX);
    note(session);
  }
}

// All that waits may come in one frame, of which nothing is heard until it is whole.
uint64_t Client::State::patience_ns(const PeerRecord& peer) const {
  const uint64_t answer_ns = std::max(limits_.answer_timeout_min_ns, 4 * peer.meter.latency_ns());
  const uint64_t frame_bytes = std::min<uint64_t>(peer.bytes_waiting, kFrameBytesMax / 2);
  const uint64_t patience_ns = answer_ns + 2 * peer.meter.transfer_ns(frame_bytes);
  return std::min(patience_ns, std::max(kPatienceMaxNs, limits_.answer_timeout_min_ns));
}

void Client::State::arm(PeerRecord& peer) {
  if (!peer.usable() || peer.waiting.empty()) return timers_.remove(peer);
  const uint64_t since_ns = std::max(peer.heard_ns, peer.waiting.front()->asked_ns);
  timers_.set(peer, since_ns + patience_ns(peer));
}

void Client::State::release(PeerRecord& peer) {
  --peer.references;
  if (peer.references == 0 && !peer.connected) departed_.push_back(&peer);
}

// A peer may stand in the list more than once, or be back: it is dropped when its last entry goes,
// if nobody speaks of it by then.
void Client::State::forget_departed() {
  while (departed_.size() > kPeersRememberedMax) {
    PeerRecord* peer = departed_.front();
    departed_.pop_front();
    if (peer->connected || peer->references > 0) continue;
    if (std::find(departed_.begin(), departed_.end(), peer) != departed_.end()) continue;
    peers_.erase(std::string(as_text(peer->id.bytes())));
  }
}

}  // namespace timerose::bitswap
