// Many small records under 32-bit numbers: no allocation for each, no copy as they grow in number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "base/check.h"

namespace timerose::bitswap {

// No record, no CID.
inline constexpr uint32_t kNone = UINT32_MAX;

// Records never move. The memory of released ones is used again, and given back once none is left.
template <typename T>
class ChunkedPool {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  [[nodiscard]] T& operator[](uint32_t number) { return slot(number).record; }
  [[nodiscard]] const T& operator[](uint32_t number) const {
    return chunks_[number / kChunk][number % kChunk].record;
  }
  [[nodiscard]] size_t size() const { return size_; }
  // Has the record brought near while something else is done.
  void prefetch(uint32_t number) const {
    __builtin_prefetch(&chunks_[number / kChunk][number % kChunk]);
  }

  uint32_t add(const T& record) {
    uint32_t number = free_;
    if (number != kNone) {
      free_ = slot(number).next_free;
    } else {
      CHECK(used_ != kNone);
      number = used_++;
      if (number / kChunk == chunks_.size()) chunks_.emplace_back(new Slot[kChunk]);
    }
    slot(number).record = record;
    ++size_;
    return number;
  }

  void release(uint32_t number) {
    slot(number).next_free = free_;
    free_ = number;
    if (--size_ != 0) return;
    if (chunks_.size() > 1) chunks_.resize(1);
    used_ = 0;
    free_ = kNone;
  }

 private:
  static constexpr uint32_t kChunk = 1024;
  union Slot {
    Slot() : next_free(kNone) {}
    T record;
    uint32_t next_free;
  };
  Slot& slot(uint32_t number) { return chunks_[number / kChunk][number % kChunk]; }

  std::vector<std::unique_ptr<Slot[]>> chunks_;
  uint32_t used_ = 0;  // numbers given out so far
  uint32_t free_ = kNone;
  size_t size_ = 0;
};

}  // namespace timerose::bitswap
