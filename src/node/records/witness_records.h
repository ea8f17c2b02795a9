// Who else said what the memo says: the receipts behind an answer that several nodes gave, so that
// a quorum that was asked for once need not be asked for again.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/sqlite.h"
#include "compute/receipt.h"

namespace timerose::node {

// Of more, the oldest go.
inline constexpr size_t kWitnessesMax = 65'536;

struct Witness {
  std::string operator_name;  // as it said then; empty: it did not
  compute::Receipt receipt;
};

// In place of those that were kept for this call.
Status keep_witnesses(sqlite::Database& records, const Cid& invocation,
                      std::span<const Witness> witnesses);
// In the order in which they were kept.
Result<std::vector<Witness>> witnesses_of(sqlite::Database& records, const Cid& invocation);

}  // namespace timerose::node
