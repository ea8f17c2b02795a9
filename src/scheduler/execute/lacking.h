// What of a call's function and data a node would have to fetch first.
#pragma once

#include "blockstore/blockstore.h"
#include "scheduler/execute/known_inputs.h"
#include "scheduler/execute/message.h"

namespace timerose::scheduler::execute {

// Blocks that are looked at for one estimate; what lies beyond counts as here.
inline constexpr size_t kBlocksLookedAtMax = 4096;

// Fills in `lacking` and `lacking_bytes`, from the sizes that links of UnixFS say. What is found
// whole is noted in `known`.
Estimate lacking_of(Blockstore& store, const compute::Invocation& call, KnownInputs& known);

}  // namespace timerose::scheduler::execute
