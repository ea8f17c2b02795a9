// Buffers and paths in guest memory, checked. Each answers EFAULT for what lies outside.
#pragma once

#include <string_view>

#include "wasm/guest.h"
#include "wasm/wasi/attempt.h"
#include "wasm/wasi/types.h"

namespace timerose::wasi {

using wasm::GuestMemory;

// A list of buffers (iovec array). Made only if every buffer is inside memory.
class Buffers {
 public:
  static constexpr uint32_t kCountMax = 1024;  // as Linux has it; EINVAL beyond

  // EINVAL if all of them together are longer than the 32 bits a count of bytes has.
  static Attempt<Buffers> at(GuestMemory memory, uint64_t pointer, uint64_t count);

  [[nodiscard]] uint32_t count() const { return count_; }
  [[nodiscard]] std::span<uint8_t> operator[](uint32_t index) const;

 private:
  Buffers(GuestMemory memory, uint64_t pointer, uint32_t count)
      : memory_(memory), pointer_(pointer), count_(count) {}
  GuestMemory memory_;
  uint64_t pointer_;
  uint32_t count_;
};

Attempt<std::span<uint8_t>> bytes_at(GuestMemory memory, uint64_t pointer, uint64_t length);
Attempt<std::string_view> text_at(GuestMemory memory, uint64_t pointer, uint64_t length);

// Where a result will go: checked before the function does anything, so that a bad pointer changes
// nothing.
template <typename T>
class ResultAt {
 public:
  static Attempt<ResultAt> at(GuestMemory memory, uint64_t pointer) {
    if (!memory.slice(pointer, sizeof(T))) return Errno::kFault;
    return ResultAt(memory, pointer);
  }
  void store(const T& value) const { CHECK(memory_.store(pointer_, value)); }

 private:
  ResultAt(GuestMemory memory, uint64_t pointer) : memory_(memory), pointer_(pointer) {}
  GuestMemory memory_;
  uint64_t pointer_;
};

}  // namespace timerose::wasi
