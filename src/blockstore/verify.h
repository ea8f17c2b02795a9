// What `repo stat` and `repo verify` ask of any store.
#pragma once

#include <functional>

#include "base/result.h"
#include "blockstore/blockstore.h"

namespace timerose {

struct StoreCount {
  uint64_t blocks = 0;
  uint64_t bytes = 0;  // of block data, without what the store adds
};
Result<StoreCount> count_blocks(Blockstore& store);

struct Verified {
  StoreCount good;
  uint64_t bad_blocks = 0;
};
// Reads every block and checks its hash. `bad` is told of each block that cannot be had as it was
// put, named as a raw CID of version 1, and why. The walk goes on after a bad block.
Result<Verified> verify_blocks(Blockstore& store,
                               const std::function<Status(const Cid& cid, const Error& why)>& bad);

}  // namespace timerose
