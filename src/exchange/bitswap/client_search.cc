// A session that gets no answers: providers are looked for, and everyone is asked again.
#include <algorithm>
#include <utility>

#include "exchange/bitswap/client_state.h"

namespace timerose::bitswap {
namespace {

// Wants that are asked for again at one time.
constexpr size_t kRebroadcastWantsMax = 256;

}  // namespace

// Everyone has answered that there is to ask.
void Client::State::starve(SessionRecord& session, SoughtBlock& want) {
  end_probe(want);
  const bool looked_for = want.search_round == session.search_round;
  put(want, looked_for ? session.searched : session.starved);
}

void Client::State::end_probe(SoughtBlock& want) {
  if (!std::exchange(want.probed, false)) return;
  SessionRecord& session = want.home();
  session.probes_left = std::min(session.probes_left + 1, kProbesMax);
  put_all(session.unprobed, session, 1);
  note(session);
}

void Client::State::search(SessionRecord& session) {
  while (!session.starved.empty() && session.searching < kSearchesMax) {
    SoughtBlock& want = *session.starved.front();
    put(want, session.searched);
    find_providers(session, want);
  }
}

void Client::State::find_providers(SessionRecord& session, SoughtBlock& want) {
  want.search_round = session.search_round;
  want.searching = true;
  ++want.searches;
  ++session.searching;
  actions_.emplace_back(FindProviders{.cid = want.cid});
}

void Client::State::end_search(SoughtBlock& want) {
  SessionRecord& session = want.home();
  if (std::exchange(want.searching, false) && want.search_round == session.search_round) {
    --session.searching;
    note(session);
  }
  want.search_round = 0;
}

void Client::State::on(const ProvidersKnown& event) {
  SoughtBlock* want = find_want(event.cid);
  if (want == nullptr) return;
  for (const PeerId& id : event.providers) {
    PeerRecord& peer = peer_of(id);
    if (peer.avoided) continue;
    ++want->providers_found;
    for (const auto& claim : want->claims) {
      if (peer.connected) {
        join(*claim->session, peer);
      } else {
        await(*claim->session, peer);
      }
    }
    Ask* known = find_ask(*want, peer);
    if (known != nullptr && known->state != AskState::kGone) continue;
    change(ask_of(*want, peer), AskState::kHas);
    if (peer.connected) reassign(*want);
  }
  if (!event.search_ended) return;
  SessionRecord& session = want->home();
  if (std::exchange(want->searching, false) && want->search_round == session.search_round) {
    --session.searching;
  }
  note(session);
}

void Client::State::progress(SessionRecord& session) {
  session.quiet_since_ns = now_ns_;
  session.interval_ns = limits_.search_after_ns;
  session.rebroadcast_at_ns = now_ns_ + limits_.rebroadcast_ns;
}

// No block for a while.
void Client::State::quiet(SessionRecord& session) {
  session.quiet_since_ns = now_ns_;
  if (!std::exchange(session.dial_awaited, false)) {
    session.interval_ns = std::min(2 * session.interval_ns, limits_.rebroadcast_ns);
  }
  session.probes_left = kProbesMax;
  put_all(session.unprobed, session, kProbesMax);
  for (PeerRecord* peer : session.awaited) dial(*peer);
  if (now_ns_ >= session.rebroadcast_at_ns) rebroadcast(session);
  size_t looked_at = 0;
  for (Claim* claim : session.claims) {
    if (++looked_at > kRebroadcastWantsMax) break;
    SoughtBlock& want = *claim->want;
    if (&want.home() != &session) continue;
    // Presences that do not come are not waited for.
    if (want.queue == nullptr && want.blocks_waiting == 0) starve(session, want);
    if (want.search_round == session.search_round || session.searching >= kSearchesMax) continue;
    if (want.queue == &session.starved) put(want, session.searched);
    find_providers(session, want);
  }
  note(session);
}

// Everything that was said is too old to be believed; searches that never ended are given up.
void Client::State::rebroadcast(SessionRecord& session) {
  session.rebroadcast_at_ns = now_ns_ + limits_.rebroadcast_ns;
  ++session.search_round;
  session.searching = 0;
  size_t left = kRebroadcastWantsMax;
  for (SoughtQueue* queue : {&session.searched, &session.starved}) {
    for (; left > 0 && !queue->empty(); --left) {
      SoughtBlock& want = *queue->front();
      for (const auto& ask : want.asks) ask->again = ask->state != AskState::kNothing;
      put(want, session.ready);
    }
  }
}

void Client::State::arm(SessionRecord& session) {
  const bool lacking = !session.starved.empty() || !session.searched.empty() ||
                       (session.members.empty() && !session.claims.empty());
  if (lacking) {
    needy_.insert(session.id);
  } else {
    needy_.erase(session.id);
  }
  if (session.claims.empty()) return timers_.remove(session);
  const bool dialing = session.dial_awaited && session.members.empty();
  timers_.set(session,
              session.quiet_since_ns + session.interval_ns / (dialing ? kDialPatienceShare : 1));
}

}  // namespace timerose::bitswap
