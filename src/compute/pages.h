// Memory straight from the system: reserved at once, taken as it is touched, zero at first.
#pragma once

#include <sys/mman.h>

#include <cstdint>

#include "base/check.h"

namespace timerose::compute {

class Pages {
 public:
  static constexpr uint64_t kHugePage = 2ULL << 20;

  // With `part_bytes`, the size of what is used together, of a huge page or more, huge pages.
  Pages(uint64_t bytes, uint64_t part_bytes) : mapped_(bytes + kHugePage) {
    map_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(map_ != MAP_FAILED);  // as when `new` fails: no address space is left
    const uint64_t beyond = reinterpret_cast<uintptr_t>(map_) % kHugePage;
    data_ = static_cast<uint8_t*>(map_) + (beyond == 0 ? 0 : kHugePage - beyond);
    if (part_bytes >= kHugePage) madvise(data_, bytes, MADV_HUGEPAGE);
  }
  ~Pages() { munmap(map_, mapped_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  [[nodiscard]] uint8_t* data() const { return data_; }

 private:
  uint64_t mapped_;
  void* map_;
  uint8_t* data_;
};

}  // namespace timerose::compute
