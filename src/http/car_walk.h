// The blocks of a CAR answer, one after another: those that lead to what is asked for, then that
// itself as far as the scope reaches, depth first in the order of links.
//
// Holds one CID for each link that waits and one digest for each block sent, never more than one
// block's data. Identity CIDs are walked through, but are no blocks of their own.
#pragma once

#include <optional>
#include <unordered_set>
#include <vector>

#include "blockstore/blockstore.h"
#include "http/gateway_request.h"

namespace timerose::http {

inline constexpr size_t kLinksWaitingMax = 4U << 20;

struct CarPlan {
  std::vector<Cid> way;  // blocks from the root to the terminus, without it
  Cid terminus;
  DagScope scope = DagScope::kAll;
  std::optional<ByteRange> bytes;  // of a file, with kEntity; all of it if there is none
  Duplicates duplicates = Duplicates::kNo;
};

class CarWalk {
 public:
  // `store` must outlive it.
  CarWalk(Blockstore& store, CarPlan plan);

  // The next block; nothing after the last. An error ends the walk: a block that is not there or
  // not what its codec says, or kLimitExceeded.
  Result<std::optional<Block>> next();

 private:
  enum class Role {
    kAlone,   // whatever is below it is not wanted
    kAll,     // with everything below it
    kEntity,  // the terminus, as far as it is one thing
    kFile,    // part of a file
    kShard,   // part of a sharded directory
  };
  struct Step {
    Cid cid;
    Role role;
    ByteRange content = {};  // of kFile: where its content lies in the file, as its parent says
  };

  Status enter(const Step& step, const SharedBytes& block);
  Status enter_entity(const Step& step, const SharedBytes& block);
  Status enter_file(const Step& step, const SharedBytes& block);
  Status enter_shard(const Step& step, const SharedBytes& block);
  Status enter_all(const Step& step, const SharedBytes& block);
  Status push(std::vector<Step> children);
  bool is_done(const Step& step);
  bool is_to_be_sent(const Cid& cid);

  Blockstore& store_;
  const CarPlan plan_;
  std::vector<Step> waiting_;  // the next one last
  // With Duplicates::kNo, by version 1: what was sent, and below what everything was.
  std::unordered_set<Cid> sent_;
  std::unordered_set<Cid> entered_;
};

}  // namespace timerose::http
