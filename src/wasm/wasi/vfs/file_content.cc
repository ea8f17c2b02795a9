#include "wasm/wasi/vfs/file_content.h"

#include <algorithm>

namespace timerose::wasi::vfs {

FileContent::FileContent(Backing& backing, Cid base, std::optional<uint64_t> size)
    : backing_(backing),
      base_(std::move(base)),
      size_known_(size.has_value()),
      size_(size.value_or(0)),
      base_left_(size_) {}

FileContent::~FileContent() {
  if (base_) backing_.readers.forget(this);
  shrink(0);
}

Attempt<uint64_t> FileContent::size() {
  WASI_TRY(load_size());
  return size_;
}

Attempt<void> FileContent::load_size() {
  if (size_known_) return {};
  if (base_->codec() == Codec::kRaw) {
    WASI_ASSIGN(size_, attempt(backing_.blocks.size(*base_)));
  } else {
    WASI_ASSIGN(auto* reader, backing_.readers.get(this, *base_));
    size_ = reader->size();
  }
  base_left_ = size_;
  size_known_ = true;
  return {};
}

Attempt<void> FileContent::read_base(uint64_t offset, std::span<uint8_t> out) {
  if (out.empty()) return {};
  WASI_ASSIGN(auto* reader, backing_.readers.get(this, *base_));
  WASI_ASSIGN(const size_t got, attempt(reader->read_at(offset, out)));
  // A DAG may promise more bytes than its leaves hold.
  if (got != out.size()) return Errno::kIo;
  return {};
}

Attempt<size_t> FileContent::read_at(uint64_t offset, std::span<uint8_t> out) {
  WASI_TRY(load_size());
  if (offset >= size_) return size_t{0};
  out = out.first(std::min<uint64_t>(out.size(), size_ - offset));
  size_t done = 0;
  while (done < out.size()) {
    const uint64_t at = offset + done;
    const auto rest = out.subspan(done);
    const uint64_t number = at / kPageBytes;
    const auto page = pages_.lower_bound(number);
    if (page != pages_.end() && page->first == number) {
      const uint64_t within = at % kPageBytes;
      const auto piece = rest.first(std::min<uint64_t>(rest.size(), kPageBytes - within));
      const uint64_t held = page->second.size() > within ? page->second.size() - within : 0;
      const size_t copied = std::min<uint64_t>(held, piece.size());
      std::copy_n(page->second.begin() + static_cast<ptrdiff_t>(held ? within : 0), copied,
                  piece.begin());
      std::fill(piece.begin() + static_cast<ptrdiff_t>(copied), piece.end(), 0);
      done += piece.size();
      continue;
    }
    uint64_t end = at + rest.size();
    if (page != pages_.end()) end = std::min(end, page->first * kPageBytes);
    if (at < base_left_) {
      end = std::min(end, base_left_);
      WASI_TRY(read_base(at, rest.first(end - at)));
    } else {
      std::fill_n(rest.begin(), end - at, 0);
    }
    done += end - at;
  }
  return done;
}

Attempt<size_t> FileContent::write_at(uint64_t offset, ByteView in) {
  WASI_TRY(load_size());
  if (in.empty()) return size_t{0};
  if (offset > UINT64_MAX - in.size()) return Errno::kFbig;
  size_t done = 0;
  while (done < in.size()) {
    const uint64_t at = offset + done;
    const auto piece =
        in.subspan(done, std::min<uint64_t>(in.size() - done, kPageBytes - at % kPageBytes));
    WASI_ASSIGN(const size_t written, write_in_page(at, piece));
    done += written;
    if (written < piece.size()) break;
  }
  if (done == 0) return Errno::kNospc;
  return done;
}

uint64_t FileContent::base_bytes_of(uint64_t page) const {
  const uint64_t start = page * kPageBytes;
  return start < base_left_ ? std::min(kPageBytes, base_left_ - start) : 0;
}

// `in` does not cross the end of a page. Writes as much of it as there is space for.
Attempt<size_t> FileContent::write_in_page(uint64_t offset, ByteView in) {
  const uint64_t number = offset / kPageBytes;
  const uint64_t within = offset % kPageBytes;
  const bool present = pages_.contains(number);
  const uint64_t copied = present ? 0 : base_bytes_of(number);
  const uint64_t hole = offset > size_ ? offset - size_ : 0;
  const uint64_t left = backing_.space.bytes_left();
  if (copied > left || hole > left - copied) return size_t{0};
  // Bytes below the present end are free now; beyond it each is charged.
  const uint64_t free_bytes = size_ > offset ? size_ - offset : 0;
  const uint64_t room = left - copied - hole;
  if (in.size() > free_bytes) {
    in = in.first(free_bytes + std::min<uint64_t>(in.size() - free_bytes, room));
  }
  if (in.empty()) return size_t{0};

  const uint64_t end = std::max(size_, offset + in.size());
  const uint64_t charge = copied + (end - size_);
  WASI_TRY(backing_.space.make_room(charge));
  if (!present) WASI_TRY(add_page(number, within, within + in.size()));
  backing_.space.take_bytes(charge);
  size_ = end;
  touched_ = true;
  Bytes& page = pages_[number];
  if (page.size() < within + in.size()) page.resize(within + in.size());
  std::copy(in.begin(), in.end(), page.begin() + static_cast<ptrdiff_t>(within));
  return in.size();
}

// A page with the base's bytes in it, but for those of [from, to), which are about to be written.
Attempt<void> FileContent::add_page(uint64_t number, uint64_t from, uint64_t to) {
  const uint64_t held = base_bytes_of(number);
  Bytes page(held);
  if (from > 0 || to < held) WASI_TRY(read_base(number * kPageBytes, page));
  pages_.emplace(number, std::move(page));
  return {};
}

Attempt<void> FileContent::resize(uint64_t size) {
  WASI_TRY(load_size());
  if (size == size_) return {};
  if (size > size_) {
    WASI_TRY(backing_.space.take(size - size_));
    size_ = size;
  } else {
    shrink(size);
  }
  touched_ = true;
  return {};
}

void FileContent::shrink(uint64_t size) {
  uint64_t charged_before = size_ - base_left_;
  for (const auto& [number, page] : pages_) charged_before += base_bytes_of(number);
  pages_.erase(pages_.lower_bound((size + kPageBytes - 1) / kPageBytes), pages_.end());
  if (const auto last = pages_.find(size / kPageBytes); last != pages_.end()) {
    last->second.resize(std::min<uint64_t>(last->second.size(), size % kPageBytes));
  }
  base_left_ = std::min(base_left_, size);
  size_ = size;
  uint64_t charged_after = size_ - base_left_;
  for (const auto& [number, page] : pages_) charged_after += base_bytes_of(number);
  backing_.space.give_bytes(charged_before - charged_after);
}

}  // namespace timerose::wasi::vfs
