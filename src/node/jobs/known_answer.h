// Whose word an answer of this node's own memo is, and what that word is worth.
#pragma once

#include "blockstore/blockstore.h"
#include "compute/executor.h"
#include "multiformats/peer_id.h"
#include "scheduler/execute/trust.h"
#include "scheduler/verify/quorum.h"

namespace timerose::node {

struct KnownAnswer {
  compute::Answer answer;  // with an Outcome
  PeerId executor;         // who signed its receipt
};

// `answer` is remembered here. This node's own executions may have no receipt.
Result<KnownAnswer> known_answer(compute::Answer answer, Blockstore& store, const PeerId& self);

// What the word of `executor` is worth where `trust` is the list.
scheduler::verify::Standing standing_of(const scheduler::execute::TrustList& trust,
                                        const PeerId& executor);

// The answer as a policy judges it.
scheduler::verify::Answer said_by(const PeerId& executor, std::string operator_name,
                                  scheduler::verify::Standing standing,
                                  const compute::Answer& answer);

}  // namespace timerose::node
