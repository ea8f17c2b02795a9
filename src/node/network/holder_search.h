// Who has a block, asked of both who can say: connected peers (by Bitswap, which is quick and true)
// and the DHT. Of the loop's thread.
#pragma once

#include <functional>
#include <vector>

#include "base/event_loop.h"
#include "exchange/service.h"
#include "node/network/queries.h"

namespace timerose::node {

struct HolderSearch {
  // The DHT names so many at most.
  static constexpr uint32_t kProvidersMax = 8;

  struct Parts {
    EventLoop& loop;
    mesh::Host& host;
    exchange::Service& exchange;
    Queries& queries;
    // Addresses that the DHT gave with a provider.
    std::function<void(const mesh::PeerAddresses&)> on_provider;
  };
  using OnHolders = std::function<void(const std::vector<PeerId>&)>;

  // `peers` are asked by Bitswap. Ends with what Bitswap has found as soon as it has found someone:
  // a record of the DHT says no more. Else when both have ended, or after `within_ms`. `on_holders`
  // is called once, later.
  static void start(const Parts& parts, const Cid& cid, const std::vector<PeerId>& peers,
                    uint64_t within_ms, OnHolders on_holders);
};

}  // namespace timerose::node
