// What is known about a file, for the calls on descriptors and those on paths.
#include "wasm/wasi/calls.h"

namespace timerose::wasi {

Attempt<Filestat> filestat_of(const vfs::Node& node) {
  Filestat stat;
  stat.device = 1;
  stat.inode = node.inode;
  stat.filetype = node.type;
  stat.links = node.links;
  stat.access_ns = node.times.access_ns;
  stat.modify_ns = node.times.modify_ns;
  stat.change_ns = node.times.change_ns;
  if (node.file) {
    WASI_ASSIGN(stat.size, node.file->size());
  } else {
    stat.size = node.target.size();
  }
  return stat;
}

Attempt<void> set_times(State& state, vfs::Node& node, uint64_t access_ns, uint64_t modify_ns,
                        uint64_t flags) {
  constexpr uint64_t kAccess = kSetAccess | kSetAccessNow;
  constexpr uint64_t kModify = kSetModify | kSetModifyNow;
  if ((flags & ~uint64_t{kSetTimesKnown}) != 0) return Errno::kInval;
  if ((flags & kAccess) == kAccess || (flags & kModify) == kModify) return Errno::kInval;
  const uint64_t now = state.clocks.now(VirtualClocks::Id::kRealtime);
  if ((flags & kAccess) != 0) {
    node.times.access_ns = (flags & kSetAccessNow) != 0 ? now : access_ns;
  }
  if ((flags & kModify) != 0) {
    node.times.modify_ns = (flags & kSetModifyNow) != 0 ? now : modify_ns;
  }
  state.tree().touch_status(node);
  return {};
}

}  // namespace timerose::wasi
