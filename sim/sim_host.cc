#include "sim/sim_host.h"

namespace timerose::sim {
mesh::QueryId SimHost::begin() {
  const mesh::QueryId query{++last_query_};
  running_.insert(query);
  return query;
}

Status SimHost::connect(const mesh::PeerAddresses& target) {
  const NodeNumber peer = world_.node_of(target.peer);
  const uint64_t delay_ns = 2 * kDialTrips * world_.network.latency_ns(number_, peer);
  world_.events.after(delay_ns, [this, peer, id = target.peer] {
    if (!world_.network.present(number_)) return;
    world_.network.connect(number_, peer);
    if (world_.network.are_connected(number_, peer)) return;
    on_event_(mesh::DialFailed{id, "refused"});
  });
  return success();
}

void SimHost::disconnect(const PeerId& peer) {
  world_.events.after(
      0, [this, peer = world_.node_of(peer)] { world_.network.disconnect(number_, peer); });
}

mesh::QueryId SimHost::find_providers(ByteView multihash, uint32_t /*count_max*/) {
  const mesh::QueryId query = begin();
  routing_.find(multihash, [this, query](const std::vector<NodeNumber>& providers, bool ended) {
    if (!running_.contains(query)) return;
    if (ended) {
      running_.erase(query);
      return on_event_(mesh::QueryEnded{query, 1, ""});
    }
    mesh::ProvidersFound found{.query = query, .providers = {}};
    for (const NodeNumber node : providers) found.providers.push_back({world_.id_of(node), {}});
    on_event_(found);
  });
  return query;
}

mesh::QueryId SimHost::provide(ByteView multihash) {
  const mesh::QueryId query = begin();
  routing_.provide(number_, multihash, [this, query](const std::string& why) {
    if (running_.erase(query) > 0) on_event_(mesh::QueryEnded{query, 1, why});
  });
  return query;
}

}  // namespace timerose::sim
