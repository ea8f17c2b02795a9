#include "scheduler/adverts/warm_set.h"

#include <fmt/format.h>

#include <algorithm>

namespace timerose::scheduler {
namespace {

constexpr size_t kMarkBytes = 4;

uint32_t read_mark(ByteView bytes) {
  uint32_t mark = 0;
  for (const uint8_t byte : bytes.first(kMarkBytes)) mark = mark << 8 | byte;
  return mark;
}

Error malformed_set(std::string_view what) {
  return {ErrorCode::kMalformed, fmt::format("warm functions: {}", what)};
}

}  // namespace

WarmSet::WarmSet(std::span<const Cid> cids) {
  for (const Cid& cid : cids.first(std::min(cids.size(), kEntriesMax))) {
    marks_.push_back(mark_of(cid));
  }
  std::sort(marks_.begin(), marks_.end());
  marks_.erase(std::unique(marks_.begin(), marks_.end()), marks_.end());
}

uint32_t WarmSet::mark_of(const Cid& cid) {
  const ByteView bytes = cid.bytes();
  return bytes.size() < kMarkBytes ? 0 : read_mark(bytes.last(kMarkBytes));
}

bool WarmSet::may_hold(const Cid& cid) const { return may_hold(mark_of(cid)); }

bool WarmSet::may_hold(uint32_t mark) const {
  return std::binary_search(marks_.begin(), marks_.end(), mark);
}

Bytes WarmSet::encode() const {
  Bytes out;
  out.reserve(marks_.size() * kMarkBytes);
  for (const uint32_t mark : marks_) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(mark >> shift));
  }
  return out;
}

Result<WarmSet> WarmSet::decode(ByteView bytes) {
  if (bytes.size() % kMarkBytes != 0 || bytes.size() / kMarkBytes > kEntriesMax) {
    return malformed_set(fmt::format("expected at most {} times {} bytes, found {} bytes",
                                     kEntriesMax, kMarkBytes, bytes.size()));
  }
  WarmSet out;
  out.marks_.reserve(bytes.size() / kMarkBytes);
  for (; !bytes.empty(); bytes = bytes.subspan(kMarkBytes)) {
    const uint32_t mark = read_mark(bytes);
    if (!out.marks_.empty() && mark <= out.marks_.back()) {
      return malformed_set("they are not in ascending order, each once");
    }
    out.marks_.push_back(mark);
  }
  return out;
}

}  // namespace timerose::scheduler
