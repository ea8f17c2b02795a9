#include "names/peer_allowance.h"

#include <algorithm>

namespace timerose::names {

bool PeerAllowance::take(const PeerId& peer, uint64_t now_ns) {
  if (empty_at_ns_.size() >= kPeersMax) forget_the_idle(now_ns);
  uint64_t& empty_at_ns = empty_at_ns_[peer];
  const uint64_t from_ns = std::max(empty_at_ns, now_ns);
  if (from_ns - now_ns > (kBurst - 1) * kNsOfOne) return false;
  empty_at_ns = from_ns + kNsOfOne;
  return true;
}

void PeerAllowance::forget_the_idle(uint64_t now_ns) {
  std::erase_if(empty_at_ns_, [&](const auto& entry) { return entry.second <= now_ns; });
  // So many busy peers are more than connections there can be; to start afresh costs one burst.
  if (empty_at_ns_.size() >= kPeersMax) empty_at_ns_.clear();
}

}  // namespace timerose::names
