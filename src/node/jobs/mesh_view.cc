#include "node/jobs/mesh_view.h"

#include <algorithm>

#include "node/jobs/known_answer.h"

namespace timerose::node {
namespace {

using scheduler::Advert;
using scheduler::NodeRef;
using scheduler::NodeSlot;
using scheduler::execute::Role;
using scheduler::verify::Standing;

// Behind the slots of the table of others.
constexpr uint32_t kOwnSlot = scheduler::AdvertTable::kNodesMax;

std::shared_ptr<const Advert> first_advert(const PublicKey& self) {
  auto advert = std::make_shared<Advert>();
  advert->node = self;
  return advert;
}

}  // namespace

MeshView::MeshView(uint64_t secret, const PublicKey& self, scheduler::execute::TrustList trust)
    : self_peer_(PeerId::of(self)),
      trust_(std::move(trust)),
      holders_(secret),
      work_(secret),
      times_(secret),
      memo_yield_(secret),
      self_(nodes_.update(kOwnSlot, first_advert(self))),
      placer_(nodes_, holders_, work_, self_, secret) {
  nodes_.set_trusted(self_, true);
}

void MeshView::put(uint32_t slot, std::shared_ptr<const Advert> advert) {
  const PeerId peer = advert->peer();
  const NodeRef node = nodes_.update(slot, std::move(advert));
  nodes_.set_trusted(node, peer == self_peer_ || trust_.has(peer, Role::kExecutor));
  by_peer_.insert_or_assign(peer, node);
}

void MeshView::heard(NodeSlot slot, std::shared_ptr<const Advert> advert) {
  put(static_cast<uint32_t>(slot), std::move(advert));
}

void MeshView::set_own(std::shared_ptr<const Advert> advert) { put(kOwnSlot, std::move(advert)); }

void MeshView::gone(NodeSlot slot) {
  const auto number = static_cast<uint32_t>(slot);
  std::erase_if(by_peer_, [number](const auto& one) { return one.second.slot() == number; });
  nodes_.remove(number);
}

void MeshView::measured(const PeerId& peer, double round_trip_s) {
  if (const auto node = find(peer)) nodes_.measured_trip(*node, round_trip_s);
}

void MeshView::measured_rate(const PeerId& peer, uint64_t bytes_s) {
  if (const auto node = find(peer)) nodes_.measured_rate(*node, static_cast<double>(bytes_s));
}

void MeshView::set_trust(scheduler::execute::TrustList trust) {
  trust_ = std::move(trust);
  for (const auto& [peer, node] : by_peer_) {
    nodes_.set_trusted(node, peer == self_peer_ || trust_.has(peer, Role::kExecutor));
  }
}

void MeshView::refused(const PeerId& peer, uint64_t now_ms) {
  std::erase_if(refused_until_ms_, [now_ms](const auto& one) { return one.second <= now_ms; });
  if (refused_until_ms_.size() >= kRefusalsMax) refused_until_ms_.erase(refused_until_ms_.begin());
  refused_until_ms_.insert_or_assign(peer, now_ms + kRefusal_ms);
}

scheduler::jobs::MeshKnowledge MeshView::knowledge() {
  return {nodes_, placer_, work_, times_, self_, self_peer_};
}

std::optional<NodeRef> MeshView::find(const PeerId& peer) const {
  const auto found = by_peer_.find(peer);
  return found == by_peer_.end() ? std::nullopt : std::optional(found->second);
}

Standing MeshView::standing(const PeerId& peer) const { return standing_of(trust_, peer); }

std::string MeshView::operator_of(const PeerId& peer) const {
  const auto node = find(peer);
  return node ? nodes_.advert(*node).capacity.operator_name : std::string();
}

std::vector<NodeRef> MeshView::refusing(uint64_t now_ms) const {
  std::vector<NodeRef> nodes;
  for (const auto& [peer, until_ms] : refused_until_ms_) {
    const auto node = find(peer);
    if (node && until_ms > now_ms) nodes.push_back(*node);
  }
  return nodes;
}

size_t MeshView::others(uint64_t now_ms) const {
  const auto refuses = refusing(now_ms);
  return static_cast<size_t>(std::ranges::count_if(nodes_.trusted(), [&](NodeRef node) {
    return !(node == self_) && std::ranges::find(refuses, node) == refuses.end();
  }));
}

}  // namespace timerose::node
