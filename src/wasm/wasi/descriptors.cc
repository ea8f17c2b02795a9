#include "wasm/wasi/descriptors.h"

#include <algorithm>

namespace timerose::wasi {
namespace {

Attempt<Descriptor*> with_rights(Descriptor* descriptor, Rights needed) {
  if ((descriptor->base & needed) != needed) return Errno::kNotcapable;
  return descriptor;
}

}  // namespace

DescriptorTable::DescriptorTable(uint32_t open_max, StandardNodes& nodes)
    : open_max_(open_max), nodes_(nodes) {
  constexpr size_t kUsualCount = 8;
  descriptors_.reserve(kUsualCount);
  open({.kind = Descriptor::Kind::kNode, .base = rights::kStdin});
  open({.kind = Descriptor::Kind::kStream, .stream = 1, .base = rights::kStdout});
  open({.kind = Descriptor::Kind::kStream, .stream = 2, .base = rights::kStdout});
  open({.kind = Descriptor::Kind::kNode,
        .preopened = true,
        .base = rights::kDirectory,
        .inheriting = rights::kAll});
}

Attempt<Descriptor*> DescriptorTable::get(Fd fd) {
  if (fd >= descriptors_.size() || descriptors_[fd].kind == Descriptor::Kind::kClosed) {
    return Errno::kBadf;
  }
  Descriptor& descriptor = descriptors_[fd];
  if (descriptor.kind == Descriptor::Kind::kNode && !descriptor.node) [[unlikely]] {
    descriptor.node = descriptor.preopened ? nodes_.root() : nodes_.standard_input();
  }
  return &descriptor;
}

Attempt<Descriptor*> DescriptorTable::get(Fd fd, Rights needed) {
  WASI_ASSIGN(Descriptor * descriptor, get(fd));
  return with_rights(descriptor, needed);
}

Attempt<Descriptor*> DescriptorTable::get_file(Fd fd, Rights needed) {
  WASI_ASSIGN(Descriptor * descriptor, get(fd));
  if (descriptor->kind == Descriptor::Kind::kStream) return Errno::kSpipe;
  if (!descriptor->is_file()) return Errno::kIsdir;
  return with_rights(descriptor, needed);
}

Attempt<Descriptor*> DescriptorTable::get_directory(Fd fd, Rights needed) {
  WASI_ASSIGN(Descriptor * descriptor, get(fd));
  if (!descriptor->is_directory()) return Errno::kNotdir;
  return with_rights(descriptor, needed);
}

Attempt<void> DescriptorTable::check_room() const {
  if (open_count_ >= open_max_) return Errno::kMfile;
  return {};
}

Fd DescriptorTable::open(Descriptor descriptor) {
  while (lowest_free_ < descriptors_.size() &&
         descriptors_[lowest_free_].kind != Descriptor::Kind::kClosed) {
    ++lowest_free_;
  }
  if (lowest_free_ == descriptors_.size()) descriptors_.emplace_back();
  descriptors_[lowest_free_] = std::move(descriptor);
  ++open_count_;
  return static_cast<Fd>(lowest_free_++);
}

Attempt<void> DescriptorTable::close(Fd fd) {
  WASI_ASSIGN(Descriptor * descriptor, get(fd));
  *descriptor = Descriptor();
  --open_count_;
  lowest_free_ = std::min<size_t>(lowest_free_, fd);
  return {};
}

Attempt<void> DescriptorTable::renumber(Fd from, Fd to) {
  WASI_ASSIGN(Descriptor * source, get(from));
  WASI_ASSIGN(Descriptor * target, get(to));
  if (source == target) return {};
  *target = *source;
  return close(from);
}

}  // namespace timerose::wasi
