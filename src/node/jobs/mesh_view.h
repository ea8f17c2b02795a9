// The mesh as this node's jobs see it: who is there, who is trusted, who refuses this node, who has
// what, and how much work functions are. Of the loop's thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "scheduler/adverts/advert_table.h"
#include "scheduler/execute/trust.h"
#include "scheduler/jobs/job.h"
#include "scheduler/memo/memo_yield.h"

namespace timerose::node {

class MeshView {
 public:
  // A node that refused this one as a stranger is not asked again for so long.
  static constexpr uint64_t kRefusal_ms = 60'000;
  static constexpr size_t kRefusalsMax = 4096;

  // `secret` is of this process.
  MeshView(uint64_t secret, const PublicKey& self, scheduler::execute::TrustList trust);

  // --- What is heard ---
  void heard(scheduler::NodeSlot slot, std::shared_ptr<const scheduler::Advert> advert);
  void gone(scheduler::NodeSlot slot);
  void set_own(std::shared_ptr<const scheduler::Advert> advert);
  void measured(const PeerId& peer, double round_trip_s);
  void measured_rate(const PeerId& peer, uint64_t bytes_s);  // that blocks come from it
  void set_trust(scheduler::execute::TrustList trust);
  void refused(const PeerId& peer, uint64_t now_ms);

  // --- What is asked ---
  [[nodiscard]] scheduler::jobs::MeshKnowledge knowledge();
  [[nodiscard]] scheduler::Holders& holders() { return holders_; }
  [[nodiscard]] scheduler::memo::MemoYield& memo_yield() { return memo_yield_; }
  [[nodiscard]] std::optional<scheduler::NodeRef> find(const PeerId& peer) const;
  [[nodiscard]] scheduler::verify::Standing standing(const PeerId& peer) const;
  [[nodiscard]] std::string operator_of(const PeerId& peer) const;
  // Those that refuse this node.
  [[nodiscard]] std::vector<scheduler::NodeRef> refusing(uint64_t now_ms) const;
  // Others that are trusted and do not refuse this node.
  [[nodiscard]] size_t others(uint64_t now_ms) const;
  [[nodiscard]] const PeerId& self() const { return self_peer_; }

 private:
  void put(uint32_t slot, std::shared_ptr<const scheduler::Advert> advert);

  const PeerId self_peer_;
  scheduler::execute::TrustList trust_;
  scheduler::NodeIndex nodes_;
  scheduler::Holders holders_;
  scheduler::WorkHistory work_;
  scheduler::jobs::RunTimes times_;
  scheduler::memo::MemoYield memo_yield_;
  scheduler::NodeRef self_;
  scheduler::Placer placer_;
  std::map<PeerId, scheduler::NodeRef> by_peer_;
  std::map<PeerId, uint64_t> refused_until_ms_;
};

}  // namespace timerose::node
