// Gathers blocks on their way into a store, so that many small files cost few writes.
#pragma once

#include <vector>

#include "blockstore/blockstore.h"
#include "unixfs/importer.h"

namespace timerose::cli {

// Not thread-safe. Blocks are in the store only after flush().
class BatchingSink {
 public:
  static constexpr size_t kBatchBytes = 4U << 20;
  static constexpr size_t kBatchBlocks = 1024;

  // No store: blocks are dropped (--only-hash).
  explicit BatchingSink(Blockstore* store) : store_(store) {}

  Status put(std::span<const Block> blocks);
  Status flush();
  // The sink must not outlive this object.
  unixfs::BlockSink sink();

 private:
  Blockstore* store_;
  std::vector<Block> batch_;
  size_t bytes_ = 0;
};

}  // namespace timerose::cli
