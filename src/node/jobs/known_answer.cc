#include "node/jobs/known_answer.h"

#include "node/records/verification_records.h"
#include "node/records/witness_records.h"

namespace timerose::node {

using scheduler::execute::Role;
using scheduler::verify::Standing;

Result<KnownAnswer> known_answer(compute::Answer answer, Blockstore& store,
                                 sqlite::Database& records, const PeerId& self) {
  if (!answer.receipt) return KnownAnswer{std::move(answer), self, {}};
  TR_ASSIGN(const auto receipt, compute::load_receipt(store, *answer.receipt));
  KnownAnswer known{std::move(answer), PeerId::of(receipt.circumstances.executor), {}};
  if (known.executor != self) {
    TR_ASSIGN(known.distrusted, was_at_fault(records, known.executor));
  }
  return known;
}

Result<std::vector<scheduler::verify::Answer>> other_witnesses(
    sqlite::Database& records, const scheduler::execute::TrustList& trust,
    const KnownAnswer& known) {
  TR_ASSIGN(const auto witnesses, witnesses_of(records, known.answer.invocation));
  std::vector<scheduler::verify::Answer> others;
  for (const Witness& witness : witnesses) {
    const PeerId peer = PeerId::of(witness.receipt.circumstances.executor);
    if (peer == known.executor || witness.receipt.outcome != known.answer.outcome_cid) continue;
    TR_ASSIGN(const bool at_fault, was_at_fault(records, peer));
    if (at_fault) continue;
    others.push_back({peer, witness.operator_name, standing_of(trust, peer),
                      witness.receipt.outcome, std::nullopt, witness.receipt.metering});
  }
  return others;
}

Standing standing_of(const scheduler::execute::TrustList& trust, const PeerId& executor) {
  if (executor == trust.self()) return Standing::kSelf;
  if (trust.has(executor, Role::kVerifier)) return Standing::kVerifier;
  return trust.has(executor, Role::kExecutor) ? Standing::kTrusted : Standing::kStranger;
}

std::vector<scheduler::verify::Answer> who_said(const KnownAnswer& known, std::string operator_name,
                                                Standing standing) {
  std::vector<scheduler::verify::Answer> said = known.witnesses;
  if (known.distrusted) return said;
  said.insert(said.begin(),
              said_by(known.executor, std::move(operator_name), standing, known.answer));
  return said;
}

scheduler::verify::Answer said_by(const PeerId& executor, std::string operator_name,
                                  Standing standing, const compute::Answer& answer) {
  return {executor,       std::move(operator_name), standing, *answer.outcome_cid,
          answer.receipt, answer.metering};
}

}  // namespace timerose::node
