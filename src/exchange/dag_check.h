// Whether blocks that come one after another, parents first, are those of one part of a DAG: a
// block counts only if it is the root, or if a block that came before leads to it. Pure.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "base/result.h"
#include "blockstore/block.h"
#include "exchange/dag_part.h"

namespace timerose::exchange {

class DagCheck {
 public:
  // Links that were seen and whose blocks have not come.
  static constexpr size_t kLinksWaitingMax = 4U << 20;
  // Blocks sent again for no reason.
  static constexpr size_t kDuplicatesMax = 4096;
  // Of blocks that may lead on another way when they are met again.
  static constexpr size_t kKeptBytesMax = 16U << 20;

  explicit DagCheck(const Cid& root, const DagPart& part = {});

  // Whether the block, verified before, is new. kMismatch for one that nothing leads to,
  // kLimitExceeded beyond the limits above; kMalformed and kUnsupported as its codec says.
  Result<bool> add(const Block& block);

  // Whether all blocks have come.
  [[nodiscard]] bool whole() const { return waiting_.empty() && !unknown_; }

 private:
  Status enter(const PartStep& step, const SharedBytes& block);
  Status expect(PartStep step, std::vector<PartStep>& known);
  [[nodiscard]] bool is_waiting(const PartStep& step) const;

  const DagPart part_;
  // By version 1.
  std::unordered_multimap<Cid, PartStep> waiting_;
  std::unordered_set<Cid> seen_;
  std::unordered_set<Cid> entered_;            // those below which everything is part
  std::unordered_map<Cid, SharedBytes> kept_;  // others, as far as they fit
  size_t kept_bytes_ = 0;
  bool unknown_ = false;  // a block was met again that was not kept
  size_t duplicates_ = 0;
};

}  // namespace timerose::exchange
