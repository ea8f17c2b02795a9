// The blocks of a CAR answer, one after another: those that lead to what is asked for, then that
// itself as far as the scope reaches, depth first in the order of links.
//
// Holds one CID for each link that waits and one digest for each block sent, never more than one
// block's data. Identity CIDs are walked through, but are no blocks of their own.
#pragma once

#include <functional>
#include <optional>
#include <unordered_set>
#include <vector>

#include "blockstore/blockstore.h"
#include "exchange/dag_part.h"

namespace timerose::http {

inline constexpr size_t kLinksWaitingMax = 4U << 20;

enum class Duplicates { kNo, kYes };

struct CarPlan {
  std::vector<Cid> way;  // blocks from the root to the terminus, without it
  Cid terminus;
  exchange::DagPart part;
  Duplicates duplicates = Duplicates::kNo;
  std::function<bool(const Cid&)> denied = {};  // blocks that are not to be sent; none if empty
};

class CarWalk {
 public:
  // `store` must outlive it.
  CarWalk(Blockstore& store, CarPlan plan);

  // The next block; nothing after the last. An error ends the walk: a block that is not there or
  // not what its codec says, kPermission for one that is denied, or kLimitExceeded.
  Result<std::optional<Block>> next();

 private:
  bool is_done(const exchange::PartStep& step);
  bool is_to_be_sent(const Cid& cid);
  Status push(std::vector<exchange::PartStep> steps);

  Blockstore& store_;
  const CarPlan plan_;
  std::vector<exchange::PartStep> waiting_;  // the next one last
  // With Duplicates::kNo, by version 1: what was sent, and below what everything was.
  std::unordered_set<Cid> sent_;
  std::unordered_set<Cid> entered_;
};

}  // namespace timerose::http
