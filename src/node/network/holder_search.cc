#include "node/network/holder_search.h"

#include <memory>
#include <utility>

namespace timerose::node {
namespace {

struct Running {
  Running(Queries& of, mesh::QueryId asked, HolderSearch::OnHolders on_end)
      : queries(of), query(asked), on_holders(std::move(on_end)) {}

  void end() {
    if (!on_holders) return;
    timer->set(UINT64_MAX);
    if (!routing_ended) queries.cancel(query);
    std::exchange(on_holders, {})(found);
  }

  Queries& queries;
  const mesh::QueryId query;
  std::vector<PeerId> found;
  bool peers_ended = false;
  bool routing_ended = false;
  std::unique_ptr<EventLoop::Timer> timer;
  HolderSearch::OnHolders on_holders;
};

}  // namespace

void HolderSearch::start(const Parts& parts, const Cid& cid, const std::vector<PeerId>& peers,
                         uint64_t within_ms, OnHolders on_holders) {
  const mesh::QueryId query = parts.host.find_providers(cid.multihash_bytes(), kProvidersMax);
  const auto search = std::make_shared<Running>(parts.queries, query, std::move(on_holders));
  search->timer = parts.loop.timer([weak = std::weak_ptr(search)] {
    if (const auto late = weak.lock()) late->end();
  });
  search->timer->set(parts.loop.now_ns() + within_ms * 1'000'000);
  parts.queries.follow(query, [search, on_provider = parts.on_provider](const mesh::Event& event) {
    if (const auto* some = std::get_if<mesh::ProvidersFound>(&event)) {
      for (const mesh::PeerAddresses& one : some->providers) {
        search->found.push_back(one.peer);
        on_provider(one);
      }
    }
    if (std::get_if<mesh::QueryEnded>(&event) == nullptr) return false;
    search->routing_ended = true;
    if (search->peers_ended) search->end();
    return true;
  });
  parts.exchange.find_holders(
      cid, peers, within_ms, [search, &loop = parts.loop](const std::vector<PeerId>& holders) {
        search->found.insert(search->found.end(), holders.begin(), holders.end());
        search->peers_ended = true;
        if (holders.empty() && !search->routing_ended) return;
        loop.post([search] { search->end(); });
      });
}

}  // namespace timerose::node
