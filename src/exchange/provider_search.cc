#include "exchange/provider_search.h"

#include <utility>

namespace timerose::exchange {

void ProviderSearch::find(const Cid& cid) {
  while (searches_.size() >= kSearchesMax) {
    const auto oldest = searches_.begin();
    const Cid given_up = oldest->second;
    host_.cancel_query(oldest->first);
    searches_.erase(oldest);
    on_found_(given_up, {}, true);
  }
  searches_.emplace(host_.find_providers(cid.multihash_bytes(), kProvidersMax), cid);
}

void ProviderSearch::remember(const mesh::PeerAddresses& peer) {
  if (peer.addresses.empty()) return;
  if (addresses_.size() >= kPeersMax && !addresses_.contains(peer.peer)) {
    addresses_.erase(addresses_.begin());
  }
  addresses_.insert_or_assign(peer.peer, peer.addresses);
}

void ProviderSearch::dial(const PeerId& peer) {
  if (dialed_.size() >= kPeersMax) dialed_.clear();
  dialed_.insert(peer);
  const auto known = addresses_.find(peer);
  const Status dialing = host_.connect(
      {peer, known == addresses_.end() ? std::vector<mesh::Address>() : known->second});
  if (!dialing.ok()) on_dial_failed({peer, dialing.error().message});
}

void ProviderSearch::connected(const PeerId& peer) {
  dialed_.erase(peer);
  failures_.erase(peer);
}

std::string ProviderSearch::why_not_reached(const PeerId& peer) const {
  const auto failure = failures_.find(peer);
  return failure == failures_.end() ? "" : failure->second;
}

bool ProviderSearch::on_found(const mesh::ProvidersFound& event) {
  const auto search = searches_.find(event.query);
  if (search == searches_.end()) return false;
  const Cid cid = search->second;
  std::vector<mesh::PeerAddresses> others;
  for (const mesh::PeerAddresses& provider : event.providers) {
    if (provider.peer == host_.self()) continue;
    remember(provider);
    others.push_back(provider);
  }
  on_found_(cid, others, false);
  return true;
}

bool ProviderSearch::on_ended(const mesh::QueryEnded& event) {
  const auto search = searches_.find(event.query);
  if (search == searches_.end()) return false;
  const Cid cid = search->second;
  searches_.erase(search);
  why_nobody_found_ = event.why.empty() ? "" : "the DHT: " + event.why;
  on_found_(cid, {}, true);
  return true;
}

void ProviderSearch::on_dial_failed(const mesh::DialFailed& event) {
  if (!event.peer) return;
  dialed_.erase(*event.peer);
  if (failures_.size() >= kPeersMax) failures_.clear();
  failures_.insert_or_assign(*event.peer, event.why);
}

}  // namespace timerose::exchange
