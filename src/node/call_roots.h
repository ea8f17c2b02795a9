// What remembered calls keep from garbage collection.
#pragma once

#include <vector>

#include "base/result.h"
#include "blockstore/table.h"
#include "multiformats/cid.h"

namespace timerose::node {

// The Invocations, Outcomes and Receipts that the memo's table names (compute/memo.ipldsch): what
// is below them stays too, so an answer from the memo can always be read. A damaged record names
// nothing.
Result<std::vector<Cid>> call_roots(Table& memo_table);

}  // namespace timerose::node
