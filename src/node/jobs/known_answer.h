// Whose word an answer of this node's own memo is, and what that word is worth.
#pragma once

#include "base/sqlite.h"
#include "blockstore/blockstore.h"
#include "compute/executor.h"
#include "multiformats/peer_id.h"
#include "scheduler/execute/trust.h"
#include "scheduler/verify/quorum.h"

namespace timerose::node {

struct KnownAnswer {
  compute::Answer answer;  // with an Outcome
  PeerId executor;         // who signed its receipt
  // Others that said the same, if they were asked for: as they were then.
  std::vector<scheduler::verify::Answer> witnesses;
  // The executor was found at fault, then or since: its word counts for nothing here.
  bool distrusted = false;
};

// `answer` is remembered here. This node's own executions may have no receipt.
Result<KnownAnswer> known_answer(compute::Answer answer, Blockstore& store,
                                 sqlite::Database& records, const PeerId& self);

// Those that are kept of the call beside `known`, what it says and no other, and that were never at
// fault; `trust` tells their worth now.
Result<std::vector<scheduler::verify::Answer>> other_witnesses(
    sqlite::Database& records, const scheduler::execute::TrustList& trust,
    const KnownAnswer& known);

// What the word of `executor` is worth where `trust` is the list.
scheduler::verify::Standing standing_of(const scheduler::execute::TrustList& trust,
                                        const PeerId& executor);

// All whose word the answer is, as a policy judges them.
std::vector<scheduler::verify::Answer> who_said(const KnownAnswer& known, std::string operator_name,
                                                scheduler::verify::Standing standing);

// The answer as a policy judges it.
scheduler::verify::Answer said_by(const PeerId& executor, std::string operator_name,
                                  scheduler::verify::Standing standing,
                                  const compute::Answer& answer);

}  // namespace timerose::node
