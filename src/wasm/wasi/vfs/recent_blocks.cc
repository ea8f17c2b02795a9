#include "wasm/wasi/vfs/recent_blocks.h"

namespace timerose::wasi::vfs {

Result<SharedBytes> RecentBlocks::get(const Cid& cid) {
  if (const auto found = by_cid_.find(cid); found != by_cid_.end()) {
    kept_.splice(kept_.begin(), kept_, found->second);
    return found->second->data;
  }
  TR_ASSIGN(SharedBytes data, below().get(cid));
  if (data.size() <= bytes_max_) {
    make_room(data.size());
    kept_.push_front({cid, data});
    by_cid_.emplace(cid, kept_.begin());
    bytes_ += data.size();
  }
  return data;
}

void RecentBlocks::make_room(uint64_t bytes) {
  while (bytes_ + bytes > bytes_max_ && !kept_.empty()) {
    bytes_ -= kept_.back().data.size();
    by_cid_.erase(kept_.back().cid);
    kept_.pop_back();
  }
}

}  // namespace timerose::wasi::vfs
