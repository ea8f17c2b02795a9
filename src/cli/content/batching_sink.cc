#include "cli/content/batching_sink.h"

namespace timerose::cli {

Status BatchingSink::put(std::span<const Block> blocks) {
  if (store_ == nullptr) return success();
  for (const Block& block : blocks) {
    batch_.push_back(block);
    bytes_ += block.size();
    if (bytes_ >= kBatchBytes || batch_.size() >= kBatchBlocks) TR_TRY(flush());
  }
  return success();
}

Status BatchingSink::flush() {
  if (batch_.empty()) return success();
  auto status = store_->put(batch_);
  batch_.clear();
  bytes_ = 0;
  return status;
}

unixfs::BlockSink BatchingSink::sink() {
  return [this](std::span<const Block> blocks) { return put(blocks); };
}

}  // namespace timerose::cli
