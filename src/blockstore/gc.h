// Garbage collection: removes every block that no pin and no other root reaches. Safe beside adds
// and calls that follow the rules of guarded_blockstore.h.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "blockstore/guarded_blockstore.h"
#include "blockstore/pins.h"

namespace timerose {

struct GcOptions {
  // Further DAGs to keep as far as they are there (outcomes, results of calls). Called once marking
  // begins, so that it sees what holds from before have recorded.
  std::function<Result<std::vector<Cid>>()> extra_roots;
  // What to do if a pinned DAG has a hole (a block that is missing or damaged): what lies below the
  // hole cannot be told from garbage.
  enum class Holes {
    kKeepAll,  // remove nothing, so that mending the hole mends the DAG
    kSweep,    // remove all that is not reached
  };
  Holes holes = Holes::kKeepAll;
  // How long to wait for adds and calls that began earlier.
  std::chrono::milliseconds wait_max = std::chrono::minutes(10);
  // Told of each block removed.
  std::function<Status(const Cid& raw_cid, uint64_t bytes)> on_removed;
};

// A block that a root needs and that the store cannot give.
struct GcHole {
  Cid cid;
  Cid root;
  bool pinned = false;  // the root is a pin, not an extra root
  Error why;
};

struct GcReport {
  uint64_t blocks_removed = 0;
  uint64_t bytes_removed = 0;  // of block data
  uint64_t blocks_kept = 0;
  std::vector<GcHole> holes;  // at most kGcHolesMax
  uint64_t holes_found = 0;
  bool swept = false;  // false: holes made it keep everything
};
inline constexpr size_t kGcHolesMax = 1000;

// kBusy if another collection runs or older holds stay open. Any other error (of the disk, of the
// records) comes before anything is removed, or names the block that could not be. What was removed
// is durable on return; RocksDatabase::compact() then gives the space back.
Result<GcReport> collect_garbage(GuardedBlockstore& store, Pins& pins, const GcOptions& options);

}  // namespace timerose
