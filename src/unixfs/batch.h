// Finished blocks, named and gathered into batches, because a store takes many at a time cheaply.
#pragma once

#include <vector>

#include "base/result.h"
#include "blockstore/block.h"
#include "unixfs/importer.h"
#include "unixfs/layout.h"

namespace timerose::unixfs {

inline constexpr size_t kBatchBytesMax = 4U << 20;
inline constexpr size_t kBatchBlocksMax = 1024;

// Names `data` as the layout says: its hash; version 0 only for dag-pb.
Result<Block> name_block(const Layout& layout, Codec codec, SharedBytes data);

// Gathers blocks for a sink, in order. What was added is with the sink only after flush(). Not
// thread-safe. To batch across many small files, import them into as_sink() of one batch.
class BlockBatch {
 public:
  explicit BlockBatch(BlockSink sink) : sink_(std::move(sink)) {}

  Status add(Block block);
  Status add(std::span<const Block> blocks);
  Status flush();
  // A sink that adds to this batch, which must outlive it.
  BlockSink as_sink();

 private:
  BlockSink sink_;
  std::vector<Block> blocks_;
  size_t bytes_ = 0;
};

}  // namespace timerose::unixfs
