#include "exchange/have_search.h"

#include <algorithm>
#include <utility>

#include "base/duration.h"

namespace timerose::exchange {
namespace {

bool same_block(const Cid& one, const Cid& other) {
  return std::ranges::equal(one.multihash_bytes(), other.multihash_bytes());
}

// A peer may answer by the block itself where it is small.
bool brings(const Received& received, const Cid& cid) {
  return std::ranges::any_of(received.strays, [&](const bitswap::BlocksArrived::One& one) {
    return same_block(one.cid, cid);
  });
}

}  // namespace

void HaveSearch::start(const Cid& cid, std::span<const PeerId> peers, uint64_t within_ms,
                       OnEnd on_end) {
  if (peers.empty() || searches_.size() >= kSearchesMax || is_wanted_(cid)) return on_end({});
  Search& search = searches_.emplace_back(cid);
  search.on_end = std::move(on_end);
  search.until_ns = loop_.now_ns() + within_ms * kNsPerMs;
  search.timer = loop_.timer([this, place = std::prev(searches_.end())] { end(place); });
  search.timer->set(search.until_ns);
  const auto asked = peers.first(std::min(peers.size(), kPeersMax));
  search.asked.insert(asked.begin(), asked.end());
  for (const PeerId& peer : asked) send(peer, cid, false);
}

void HaveSearch::send(const PeerId& peer, const Cid& cid, bool cancel) {
  bitswap::Want want{.cid = cid};
  want.type = bitswap::WantType::kHave;
  want.cancel = cancel;
  want.send_dont_have = !cancel;
  bitswap::Outgoing message;
  message.wants.push_back(std::move(want));
  outbox_.send_wants(peer, std::move(message));
}

void HaveSearch::received(Received& received) {
  for (Search& search : searches_) {
    if (!search.asked.contains(received.from)) continue;
    const auto presence =
        std::ranges::find(received.presences, search.cid, &bitswap::BlockPresence::cid);
    if (presence != received.presences.end()) {
      said(search, received.from, presence->presence == bitswap::Presence::kHave);
    } else if (brings(received, search.cid)) {
      said(search, received.from, true);
    }
  }
  take_answers(received);
  end_those_done();
}

void HaveSearch::take_answers(Received& received) {
  if (received.strays.empty()) return;
  std::erase_if(received.strays, [this](const bitswap::BlocksArrived::One& one) {
    const auto asked = [&one](const auto& cid) { return same_block(cid, one.cid); };
    return std::ranges::any_of(searches_, asked, &Search::cid) ||
           std::ranges::any_of(recent_, asked);
  });
}

void HaveSearch::said(Search& search, const PeerId& peer, bool has) {
  search.asked.erase(peer);
  if (!has) {
    search.without.push_back(peer);
    return;
  }
  search.holders.push_back(peer);
  search.until_ns = std::min(search.until_ns, loop_.now_ns() + kAfterFirst_ms * kNsPerMs);
  search.timer->set(search.until_ns);
}

void HaveSearch::disconnected(const PeerId& peer) {
  for (Search& search : searches_) {
    search.asked.erase(peer);
    std::erase(search.without, peer);
  }
  end_those_done();
}

void HaveSearch::end_those_done() {
  for (auto place = searches_.begin(); place != searches_.end();) {
    const auto next = std::next(place);
    if (place->asked.empty()) end(place);
    place = next;
  }
}

// Whoever has it has done with the question; the others would tell it later, when they get it.
void HaveSearch::end(Place place) {
  std::list<Search> ended;
  ended.splice(ended.begin(), searches_, place);
  const Search& search = ended.front();
  if (recent_.size() >= kRecentMax) recent_.pop_front();
  recent_.push_back(search.cid);
  if (!is_wanted_(search.cid)) {
    for (const PeerId& peer : search.asked) send(peer, search.cid, true);
    for (const PeerId& peer : search.without) send(peer, search.cid, true);
  }
  search.on_end(search.holders);
}

}  // namespace timerose::exchange
