// Opening and looking at what a path leads to.
#include <algorithm>

#include "wasm/wasi/calls.h"
#include "wasm/wasi/vfs/walk.h"

namespace timerose::wasi {
namespace {

using vfs::LastLink;
using vfs::NodePtr;
using vfs::Place;

Attempt<LastLink> last_link(uint64_t lookup_flags) {
  if ((lookup_flags & ~uint64_t{kLookupSymlinkFollow}) != 0) return Errno::kInval;
  return lookup_flags == kLookupSymlinkFollow ? LastLink::kFollow : LastLink::kStay;
}

struct OpenRequest {
  LastLink last;
  std::string_view path;
  uint32_t how;  // kOpen...
  Rights base;
  Rights inheriting;
  FdFlags flags;

  [[nodiscard]] bool creates() const { return (how & kOpenCreate) != 0; }
  [[nodiscard]] bool exclusive() const { return creates() && (how & kOpenExclusive) != 0; }
  [[nodiscard]] bool truncates() const { return (how & kOpenTruncate) != 0; }
  [[nodiscard]] bool wants_directory() const { return (how & kOpenDirectory) != 0; }
  // What the directory that is opened in must allow.
  [[nodiscard]] Rights needed() const {
    return rights::kPathOpen | (creates() ? rights::kPathCreateFile : 0) |
           (truncates() ? rights::kPathFilestatSetSize : 0);
  }
};

Attempt<OpenRequest> open_request(GuestMemory memory, Parameters p) {
  OpenRequest request{};
  WASI_ASSIGN(request.last, last_link(p[1]));
  WASI_ASSIGN(request.path, text_at(memory, p[2], p[3]));
  if ((p[4] & ~uint64_t{kOpenKnown}) != 0) return Errno::kInval;
  if ((p[7] & ~uint64_t{kFdFlagsKnown}) != 0) return Errno::kInval;
  request.how = static_cast<uint32_t>(p[4]);
  request.base = p[5];
  request.inheriting = p[6];
  request.flags = static_cast<FdFlags>(p[7]);
  if (request.creates() && request.wants_directory()) return Errno::kInval;
  if (request.exclusive()) request.last = LastLink::kStayAlways;
  return request;
}

Attempt<NodePtr> create_for(State& state, const OpenRequest& request, const Place& place) {
  if (!request.creates()) return Errno::kNoent;
  if (place.slash_behind) return Errno::kIsdir;
  return state.tree().make_file(place.directory, place.name);
}

// Whether what is there may be opened like this.
Attempt<void> check_existing(const OpenRequest& request, const Place& place) {
  if (request.exclusive()) return Errno::kExist;
  if (place.node->is_symlink()) return Errno::kLoop;
  if (place.node->is_directory()) {
    const bool writes = (request.base & rights::kFdWrite) != 0;
    if (request.creates() || request.truncates() || writes) return Errno::kIsdir;
    return {};
  }
  if (request.wants_directory() || place.slash_behind) return Errno::kNotdir;
  return {};
}

}  // namespace

// Rights are given as far as the directory's inheriting rights and the kind of node allow; asking
// for more is no error, since programs ask for all there are.
Attempt<void> path_open(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const auto request, open_request(memory, p));
  WASI_ASSIGN(const auto fd_at, ResultAt<Fd>::at(memory, p[8]));
  WASI_ASSIGN(const Descriptor* directory,
              state.descriptors().get_directory(static_cast<Fd>(p[0]), request.needed()));
  WASI_TRY(state.descriptors().check_room());
  WASI_ASSIGN(const auto place,
              vfs::resolve(state.tree(), directory->node, request.path, request.last));
  NodePtr node = place.node;
  if (node) {
    WASI_TRY(check_existing(request, place));
    if (request.truncates()) {
      WASI_TRY(node->file->resize(0));
      state.tree().touch_content(*node);
    }
  } else {
    WASI_ASSIGN(node, create_for(state, request, place));
  }
  Descriptor opened;
  opened.kind = Descriptor::Kind::kNode;
  opened.flags = request.flags;
  const Rights possible = node->is_directory() ? rights::kDirectory : rights::kFile;
  opened.base = request.base & directory->inheriting & possible;
  if (node->is_directory()) opened.inheriting = request.inheriting & directory->inheriting;
  opened.node = std::move(node);
  fd_at.store(state.descriptors().open(std::move(opened)));
  return {};
}

Attempt<void> path_filestat_get(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const LastLink last, last_link(p[1]));
  WASI_ASSIGN(const auto path, text_at(memory, p[2], p[3]));
  WASI_ASSIGN(const auto result, ResultAt<Filestat>::at(memory, p[4]));
  WASI_ASSIGN(const Descriptor* directory,
              state.descriptors().get_directory(static_cast<Fd>(p[0]), rights::kPathFilestatGet));
  WASI_ASSIGN(const auto place, resolve_existing(state.tree(), directory->node, path, last));
  WASI_ASSIGN(const auto stat, filestat_of(*place.node));
  result.store(stat);
  return {};
}

Attempt<void> path_filestat_set_times(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const LastLink last, last_link(p[1]));
  WASI_ASSIGN(const auto path, text_at(memory, p[2], p[3]));
  WASI_ASSIGN(
      const Descriptor* directory,
      state.descriptors().get_directory(static_cast<Fd>(p[0]), rights::kPathFilestatSetTimes));
  WASI_ASSIGN(const auto place, resolve_existing(state.tree(), directory->node, path, last));
  return set_times(state, *place.node, p[4], p[5], p[6]);
}

// A target longer than the buffer is cut off, as readlink does.
Attempt<void> path_readlink(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const auto path, text_at(memory, p[1], p[2]));
  WASI_ASSIGN(const auto out, bytes_at(memory, p[3], p[4]));
  WASI_ASSIGN(const auto used_at, ResultAt<uint32_t>::at(memory, p[5]));
  WASI_ASSIGN(const Descriptor* directory,
              state.descriptors().get_directory(static_cast<Fd>(p[0]), rights::kPathReadlink));
  WASI_ASSIGN(const auto place,
              resolve_existing(state.tree(), directory->node, path, LastLink::kStay));
  if (!place.node->is_symlink()) return Errno::kInval;
  const std::string& target = place.node->target;
  const size_t count = std::min(target.size(), out.size());
  std::copy_n(target.begin(), count, out.begin());
  used_at.store(static_cast<uint32_t>(count));
  return {};
}

}  // namespace timerose::wasi
