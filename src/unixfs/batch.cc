#include "unixfs/batch.h"

namespace timerose::unixfs {

Result<Block> name_block(const Layout& layout, Codec codec, SharedBytes data) {
  if (layout.hash != HashCode::kSha2_256) return Block::of(codec, layout.hash, std::move(data));
  if (layout.cid_version == 1 || codec != Codec::kDagPb) {
    return Block::of_sha256(codec, std::move(data));
  }
  TR_ASSIGN(Cid cid, Cid::of_sha256(codec, data.view()).as_v0());
  return Block::trusted(std::move(cid), std::move(data));
}

Status BlockBatch::add(Block block) {
  bytes_ += block.size();
  blocks_.push_back(std::move(block));
  if (bytes_ < kBatchBytesMax && blocks_.size() < kBatchBlocksMax) return success();
  return flush();
}

Status BlockBatch::add(std::span<const Block> blocks) {
  for (const Block& block : blocks) TR_TRY(add(block));
  return success();
}

Status BlockBatch::flush() {
  if (blocks_.empty()) return success();
  Status status = sink_(blocks_);
  blocks_.clear();
  bytes_ = 0;
  return status;
}

BlockSink BlockBatch::as_sink() {
  return [this](std::span<const Block> blocks) { return add(blocks); };
}

}  // namespace timerose::unixfs
