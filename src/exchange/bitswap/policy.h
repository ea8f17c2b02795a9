// Who is served which blocks: everybody, or listed peers; never a denied block.
#pragma once

#include <set>

#include "blockstore/multihash_set.h"
#include "multiformats/cid.h"
#include "multiformats/peer_id.h"

namespace timerose::bitswap {

// Not thread-safe: belongs to the thread of the service that asks it.
class ServingPolicy {
 public:
  enum class Peers { kAll, kListed };

  // Everybody is served everything.
  ServingPolicy() = default;
  explicit ServingPolicy(Peers peers) : peers_(peers) {}

  void list_peer(const PeerId& peer) { listed_.insert(peer); }
  void unlist_peer(const PeerId& peer) { listed_.erase(peer); }

  // The bytes are denied, whatever version or codec they are asked for by.
  void deny(const Cid& cid) { denied_.insert(cid.multihash_bytes()); }
  void clear_denied() { denied_.clear(); }

  [[nodiscard]] bool serves(const PeerId& peer) const {
    return peers_ == Peers::kAll || listed_.contains(peer);
  }
  [[nodiscard]] bool denies(const Cid& cid) const {
    return denied_.contains(cid.multihash_bytes());
  }
  [[nodiscard]] bool serves(const PeerId& peer, const Cid& cid) const {
    return serves(peer) && !denies(cid);
  }

 private:
  Peers peers_ = Peers::kAll;
  std::set<PeerId> listed_;
  MultihashSet denied_;
};

}  // namespace timerose::bitswap
