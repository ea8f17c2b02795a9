#include "wasm/wasi/vfs/reader_pool.h"

#include <algorithm>

namespace timerose::wasi::vfs {

Attempt<unixfs::FileReader*> ReaderPool::get(const void* user, const Cid& cid) {
  const auto found = std::find_if(slots_.begin(), slots_.end(),
                                  [user](const Slot& slot) { return slot.user == user; });
  if (found != slots_.end()) {
    if (found + 1 != slots_.end()) std::rotate(found, found + 1, slots_.end());
    return &slots_.back().reader;
  }
  WASI_ASSIGN(auto reader, attempt(unixfs::FileReader::open(store_, cid)));
  if (slots_.size() == kOpenMax) slots_.erase(slots_.begin());
  slots_.push_back({user, std::move(reader)});
  return &slots_.back().reader;
}

void ReaderPool::forget(const void* user) {
  std::erase_if(slots_, [user](const Slot& slot) { return slot.user == user; });
}

}  // namespace timerose::wasi::vfs
