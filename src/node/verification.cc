#include "node/verification.h"

#include <algorithm>

#include "node/records/verification_records.h"
#include "node/records/witness_records.h"

namespace timerose::node {

namespace verify = scheduler::verify;

Result<std::unique_ptr<Verification>> Verification::open(Repository& repository, Clock& clock) {
  TR_ASSIGN(verify::Scores scores, load_scores(repository.records(), verify::ScoreLimits()));
  return std::unique_ptr<Verification>(new Verification(repository, clock, std::move(scores)));
}

double Verification::check_rate(const verify::Wish& wish, const PeerId& executor,
                                const scheduler::ContentKey& function) {
  if (wish.policy != verify::Policy::kTrust) return 0;
  const std::lock_guard lock(mutex_);
  const uint64_t now_ns = clock_.unix_ns();
  if (!wish.spot_checks && !scores_.is_suspect(now_ns, executor)) return 0;
  return scores_.spot_check_rate(now_ns, executor, function);
}

bool Verification::is_avoided(const PeerId& executor) {
  const std::lock_guard lock(mutex_);
  return scores_.is_avoided(clock_.unix_ns(), executor);
}

std::vector<PeerId> Verification::avoided() {
  const std::lock_guard lock(mutex_);
  const uint64_t now_ns = clock_.unix_ns();
  const bool is_old = now_ns < avoided_at_ns_ || now_ns - avoided_at_ns_ > kAvoidedForNs;
  if (is_old || avoided_changes_ != scores_.changes()) {
    avoided_ = scores_.avoided(now_ns, kAvoidedMax);
    avoided_at_ns_ = now_ns;
    avoided_changes_ = scores_.changes();
  }
  return avoided_;
}

Status Verification::save(const std::vector<PeerId>& nodes, const scheduler::ContentKey& function) {
  if (nodes.empty()) return success();
  std::vector<verify::Scores::Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    for (const PeerId& node : nodes) {
      for (auto& entry : scores_.entries_of(node, function)) entries.push_back(std::move(entry));
    }
  }
  return save_scores(repository_.records(), entries);
}

Result<std::optional<Cid>> Verification::settled(const scheduler::ContentKey& function,
                                                 const verify::Judgement& judgement,
                                                 std::span<const verify::Answer> answers) {
  std::vector<PeerId> nodes;
  {
    const std::lock_guard lock(mutex_);
    nodes = scores_.learn(clock_.unix_ns(), function, judgement, answers);
  }
  TR_TRY(save(nodes, function));
  const std::vector<size_t> shown = verify::answers_to_show(judgement, answers);
  if (shown.empty()) return std::optional<Cid>();
  TR_ASSIGN(auto* store, repository_.blockstore());
  const auto hold = store->hold();
  std::vector<Bytes> receipts;
  for (const size_t i : shown) {
    TR_ASSIGN(const auto block, store->get(*answers[i].receipt));
    receipts.push_back(to_bytes(block.view()));
  }
  const auto evidence = verify::Evidence::of(std::move(receipts), judgement.outcome,
                                             verify::basis_of(judgement, answers));
  if (!evidence.examine().ok()) return std::optional<Cid>();  // the one who differs signed nothing
  TR_ASSIGN(Cid cid, keep_evidence(repository_.records(), *store, repository_.pins(), evidence,
                                   clock_.unix_ns()));
  return std::optional(std::move(cid));
}

Status Verification::witnessed(const Cid& invocation, const verify::Judgement& judgement,
                               std::span<const verify::Answer> answers) {
  TR_ASSIGN(auto* store, repository_.blockstore());
  TR_ASSIGN(const auto before, witnesses_of(repository_.records(), invocation));
  std::vector<Witness> witnesses;
  for (const size_t i : judgement.supporters) {
    if (!answers[i].receipt) {  // it is one of those that are kept already
      const auto kept = std::ranges::find_if(before, [&](const Witness& one) {
        return PeerId::of(one.receipt.circumstances.executor) == answers[i].executor &&
               one.receipt.outcome == answers[i].outcome;
      });
      if (kept != before.end()) witnesses.push_back(*kept);
      continue;
    }
    TR_ASSIGN(const auto block, store->get(*answers[i].receipt));
    TR_ASSIGN(auto receipt, compute::Receipt::decode(block.view()));
    witnesses.push_back({answers[i].operator_name, std::move(receipt)});
  }
  return keep_witnesses(repository_.records(), invocation, witnesses);
}

Status Verification::misbehaved(const PeerId& executor, const scheduler::ContentKey& function) {
  {
    const std::lock_guard lock(mutex_);
    scores_.note(clock_.unix_ns(), executor, function, verify::Seen::kBrokenCommit);
  }
  return save({executor}, function);
}

}  // namespace timerose::node
