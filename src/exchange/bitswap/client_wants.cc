// Wants, the sessions that claim them, and the queues they stand in.
#include <algorithm>
#include <utility>

#include "exchange/bitswap/client_state.h"

namespace timerose::bitswap {

SessionRecord* Client::State::find_session(SessionId id) {
  auto entry = sessions_.find(id);
  return entry == sessions_.end() ? nullptr : entry->second.get();
}

SessionRecord& Client::State::session_of(SessionId id) {
  std::unique_ptr<SessionRecord>& session = sessions_[id];
  if (!session) {
    session = std::make_unique<SessionRecord>(id);
    session->probes_left = kProbesMax;
  }
  return *session;
}

SoughtBlock* Client::State::find_want(const Cid& cid) {
  auto entry = wants_.find(cid);
  return entry == wants_.end() ? nullptr : entry->second.get();
}

void Client::State::claim(SessionRecord& session, const Cid& cid, uint64_t deadline_ns) {
  std::unique_ptr<SoughtBlock>& want = wants_[cid];
  const bool fresh = !want;
  if (fresh) want = std::make_unique<SoughtBlock>(cid);
  for (const auto& earlier : want->claims) {
    if (earlier->session == &session) return timers_.set(*earlier, deadline_ns);
  }
  Claim& added = *want->claims.emplace_back(std::make_unique<Claim>(session, *want));
  added.place = session.claims.insert(session.claims.end(), &added);
  timers_.set(added, deadline_ns);
  // One that stands somewhere may find a peer among this session's.
  if (fresh) {
    put(*want, session.ready);
  } else if (want->queue != nullptr) {
    put(*want, want->home().ready);
    note(want->home());
  }
}

void Client::State::unclaim(Claim& claim) {
  SoughtBlock& want = *claim.want;
  if (want.claims.size() == 1) return finish(want, nullptr);
  const bool was_home = want.claims.front().get() == &claim;
  if (was_home) {
    end_probe(want);
    end_search(want);
  }
  timers_.remove(claim);
  claim.session->claims.erase(claim.place);
  std::erase_if(want.claims, [&](const auto& each) { return each.get() == &claim; });
  if (was_home && want.queue != nullptr) {
    put(want, want.home().ready);
    note(want.home());
  }
}

// Nobody waits for it any more. All who were asked, and have not sent it, are told so.
void Client::State::finish(SoughtBlock& want, const PeerRecord* deliverer) {
  end_probe(want);
  end_search(want);
  take_off(want);
  for (const auto& ask : want.asks) {
    if (ask->peer != deliverer) cancel(*ask);
    change(*ask, AskState::kNothing);
    release(*ask->peer);
  }
  recent_.add(want.cid, want.home().id);
  for (const auto& claim : want.claims) {
    timers_.remove(*claim);
    claim->session->claims.erase(claim->place);
  }
  wants_.erase(wants_.find(want.cid));
}

void Client::State::put(SoughtBlock& want, SoughtQueue& queue) {
  if (want.queue != nullptr) {
    queue.splice(queue.end(), *want.queue, want.place);
  } else {
    want.place = queue.insert(queue.end(), &want);
  }
  want.queue = &queue;
}

void Client::State::take_off(SoughtBlock& want) {
  if (want.queue == nullptr) return;
  want.queue->erase(want.place);
  want.queue = nullptr;
}

void Client::State::put_all(SoughtQueue& from, SessionRecord& session, size_t max) {
  for (size_t moved = 0; moved < max && !from.empty(); ++moved) put(*from.front(), session.ready);
}

// Nobody is asked for the block itself at the moment: it goes first, since it has waited longest.
void Client::State::reassign(SoughtBlock& want) {
  if (want.blocks_waiting > 0) return;
  SessionRecord& session = want.home();
  put(want, session.ready);
  session.ready.splice(session.ready.begin(), session.ready, want.place);
  note(session);
}

void Client::State::note(SessionRecord& session) {
  if (std::exchange(session.changed, true)) return;
  changed_sessions_.push_back(session.id);
}

void Client::State::note(PeerRecord& peer) {
  if (std::exchange(peer.changed, true)) return;
  changed_peers_.push_back(&peer);
}

}  // namespace timerose::bitswap
