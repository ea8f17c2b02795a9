#include "unixfs/leaf_pipeline.h"

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "unixfs/batch.h"

namespace timerose::unixfs {
namespace {

// Leaves each thread may have before it, and those that a batch for the sink holds besides.
inline constexpr size_t kLeavesPerThread = 4;
inline constexpr size_t kLeavesInBatch = 4;

Codec leaf_codec(const Layout& layout) { return layout.raw_leaves ? Codec::kRaw : Codec::kDagPb; }

}  // namespace

LeafPipeline::LeafPipeline(const Layout& layout, unsigned threads)
    : layout_(layout),
      threads_(std::min<unsigned>(threads, kChunksInFlightMax - kLeavesInBatch)),
      wanted_(threads_ > 1
                  ? std::min(threads_ * kLeavesPerThread, kChunksInFlightMax - kLeavesInBatch) - 1
                  : 0) {}

void LeafPipeline::push(Leaf leaf) {
  Waiting waiting{std::move(leaf), std::nullopt};
  if (threads_ > 1 && (pool_ || !waiting_.empty())) {
    if (!pool_) pool_.emplace(threads_);
    auto task =
        std::make_shared<std::packaged_task<Result<Block>()>>([this, bytes = waiting.leaf.block] {
          return name_block(layout_, leaf_codec(layout_), bytes);
        });
    waiting.named = task->get_future();
    pool_->submit([task] { (*task)(); });
  }
  waiting_.push_back(std::move(waiting));
}

Result<NamedLeaf> LeafPipeline::pop() {
  CHECK(!waiting_.empty());
  Waiting waiting = std::move(waiting_.front());
  waiting_.pop_front();
  TR_ASSIGN(Block block, waiting.named ? waiting.named->get()
                                       : name_block(layout_, leaf_codec(layout_),
                                                    std::move(waiting.leaf.block)));
  return NamedLeaf{std::move(block), waiting.leaf.content_bytes};
}

}  // namespace timerose::unixfs
