// What is known about a descriptor and may be changed, and listing a directory.
#include <algorithm>

#include "wasm/wasi/calls.h"
#include "wasm/wasi/vfs/inode.h"

namespace timerose::wasi {
namespace {

constexpr std::string_view kPreopenName = "/";

// A directory's entries as the guest's buffer gets them. The last may be cut off: then the buffer
// is full, which tells the guest to ask again from there.
class DirentWriter {
 public:
  explicit DirentWriter(std::span<uint8_t> out) : out_(out) {}

  [[nodiscard]] bool full() const { return used_ == out_.size(); }
  [[nodiscard]] uint32_t used() const { return static_cast<uint32_t>(used_); }
  void add(uint64_t next, const vfs::Tree::Glance& glance, std::string_view name) {
    Dirent dirent;
    dirent.next = next;
    dirent.inode = glance.inode;
    dirent.name_bytes = static_cast<uint32_t>(name.size());
    dirent.filetype = glance.type;
    put({reinterpret_cast<const uint8_t*>(&dirent), sizeof(dirent)});
    put(as_bytes(name));
  }

 private:
  void put(ByteView bytes) {
    const size_t count = std::min(bytes.size(), out_.size() - used_);
    std::copy_n(bytes.begin(), count, out_.begin() + static_cast<ptrdiff_t>(used_));
    used_ += count;
  }
  std::span<uint8_t> out_;
  size_t used_ = 0;
};

}  // namespace

Attempt<void> fd_close(State& state, GuestMemory, Parameters p) {
  return state.descriptors().close(static_cast<Fd>(p[0]));
}

Attempt<void> fd_renumber(State& state, GuestMemory, Parameters p) {
  return state.descriptors().renumber(static_cast<Fd>(p[0]), static_cast<Fd>(p[1]));
}

Attempt<void> fd_fdstat_get(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const Descriptor* descriptor, state.descriptors().get(static_cast<Fd>(p[0])));
  WASI_ASSIGN(const auto result, ResultAt<Fdstat>::at(memory, p[1]));
  Fdstat stat;
  if (descriptor->node) stat.filetype = descriptor->node->type;
  stat.flags = descriptor->flags;
  stat.base = descriptor->base;
  stat.inheriting = descriptor->inheriting;
  result.store(stat);
  return {};
}

Attempt<void> fd_fdstat_set_flags(State& state, GuestMemory, Parameters p) {
  WASI_ASSIGN(Descriptor * descriptor,
              state.descriptors().get(static_cast<Fd>(p[0]), rights::kFdFdstatSetFlags));
  if ((p[1] & ~uint64_t{kFdFlagsKnown}) != 0) return Errno::kInval;
  descriptor->flags = static_cast<FdFlags>(p[1]);
  return {};
}

Attempt<void> fd_fdstat_set_rights(State& state, GuestMemory, Parameters p) {
  WASI_ASSIGN(Descriptor * descriptor, state.descriptors().get(static_cast<Fd>(p[0])));
  const bool adds_base = (p[1] & ~descriptor->base) != 0;
  const bool adds_inheriting = (p[2] & ~descriptor->inheriting) != 0;
  if (adds_base || adds_inheriting) return Errno::kNotcapable;
  descriptor->base = p[1];
  descriptor->inheriting = p[2];
  return {};
}

Attempt<void> fd_filestat_get(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(Descriptor * descriptor,
              state.descriptors().get(static_cast<Fd>(p[0]), rights::kFdFilestatGet));
  WASI_ASSIGN(const auto result, ResultAt<Filestat>::at(memory, p[1]));
  Filestat stat;
  if (descriptor->node) {
    WASI_ASSIGN(stat, filestat_of(*descriptor->node));
  } else {
    stat.device = 1;
    stat.inode = vfs::kStreamInode + static_cast<uint64_t>(descriptor->stream) - 1;
    stat.access_ns = stat.modify_ns = stat.change_ns = VirtualClocks::kRealtimeStartNs;
  }
  result.store(stat);
  return {};
}

Attempt<void> fd_filestat_set_size(State& state, GuestMemory, Parameters p) {
  WASI_ASSIGN(Descriptor * descriptor,
              state.descriptors().get_file(static_cast<Fd>(p[0]), rights::kFdFilestatSetSize));
  if (p[1] > INT64_MAX) return Errno::kInval;
  WASI_TRY(descriptor->node->file->resize(p[1]));
  state.tree().touch_content(*descriptor->node);
  return {};
}

Attempt<void> fd_filestat_set_times(State& state, GuestMemory, Parameters p) {
  WASI_ASSIGN(Descriptor * descriptor,
              state.descriptors().get(static_cast<Fd>(p[0]), rights::kFdFilestatSetTimes));
  return set_times(state, *descriptor->node, p[1], p[2], p[3]);
}

Attempt<void> fd_prestat_get(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const Descriptor* descriptor, state.descriptors().get(static_cast<Fd>(p[0])));
  if (!descriptor->preopened) return Errno::kBadf;
  WASI_ASSIGN(const auto result, ResultAt<Prestat>::at(memory, p[1]));
  result.store(Prestat{.tag = 0, .name_bytes = kPreopenName.size()});
  return {};
}

Attempt<void> fd_prestat_dir_name(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(const Descriptor* descriptor, state.descriptors().get(static_cast<Fd>(p[0])));
  if (!descriptor->preopened) return Errno::kBadf;
  if (p[2] < kPreopenName.size()) return Errno::kNametoolong;
  WASI_ASSIGN(const auto out, bytes_at(memory, p[1], kPreopenName.size()));
  std::copy(kPreopenName.begin(), kPreopenName.end(), out.begin());
  return {};
}

// The cookie of an entry is its place: "." is 0, ".." is 1, then the listing. A descriptor goes
// through the names that were there when it began, without those that are gone, so a guest may
// remove entries as it goes.
Attempt<void> fd_readdir(State& state, GuestMemory memory, Parameters p) {
  WASI_ASSIGN(Descriptor * descriptor,
              state.descriptors().get_directory(static_cast<Fd>(p[0]), rights::kFdReaddir));
  WASI_ASSIGN(const auto out, bytes_at(memory, p[1], p[2]));
  WASI_ASSIGN(const auto used_at, ResultAt<uint32_t>::at(memory, p[4]));
  uint64_t cookie = p[3];
  vfs::Tree& tree = state.tree();
  const vfs::NodePtr directory = descriptor->node;
  if (cookie == 0 || !descriptor->listing) {
    WASI_ASSIGN(descriptor->listing, tree.list(directory));
  }
  const auto listing = descriptor->listing;
  const vfs::Node* parent = directory->directory->parent;

  DirentWriter writer(out);
  constexpr uint64_t kDots = 2;
  for (; !writer.full() && cookie < kDots; ++cookie) {
    const vfs::Node& dot = cookie == 1 && parent != nullptr ? *parent : *directory;
    writer.add(cookie + 1, {Filetype::kDirectory, dot.inode}, cookie == 0 ? "." : "..");
  }
  for (; !writer.full() && cookie - kDots < listing->size(); ++cookie) {
    const auto entry = listing->at(cookie - kDots);
    WASI_ASSIGN(const auto glance, tree.glance(directory, entry));
    if (glance) writer.add(cookie + 1, *glance, entry.name);
  }
  used_at.store(writer.used());
  return {};
}

}  // namespace timerose::wasi
