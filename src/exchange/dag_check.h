// Whether blocks that come one after another, parents first, are those of one DAG: a block counts
// only if the root, or a block that came before, links to it. Pure.
#pragma once

#include <unordered_set>

#include "base/result.h"
#include "blockstore/block.h"

namespace timerose::exchange {

class DagCheck {
 public:
  // Links that were seen and whose blocks have not come.
  static constexpr size_t kLinksWaitingMax = 4U << 20;
  // Blocks sent again for no reason.
  static constexpr size_t kDuplicatesMax = 4096;

  explicit DagCheck(const Cid& root);

  // Whether the block, verified before, is new. kMismatch for one that nothing links to,
  // kLimitExceeded beyond the limits above; kMalformed and kUnsupported as its codec says.
  Result<bool> add(const Block& block);

  // Whether all blocks of the DAG have come.
  [[nodiscard]] bool whole() const { return waiting_.empty(); }

 private:
  Status expect_links(const Cid& cid, ByteView data);

  // By version 1.
  std::unordered_set<Cid> waiting_;
  std::unordered_set<Cid> seen_;
  size_t duplicates_ = 0;
};

}  // namespace timerose::exchange
