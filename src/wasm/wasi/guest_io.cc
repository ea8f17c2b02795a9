#include "wasm/wasi/guest_io.h"

namespace timerose::wasi {

Attempt<std::span<uint8_t>> bytes_at(GuestMemory memory, uint64_t pointer, uint64_t length) {
  const auto bytes = memory.slice(pointer, length);
  if (!bytes) return Errno::kFault;
  return *bytes;
}

Attempt<std::string_view> text_at(GuestMemory memory, uint64_t pointer, uint64_t length) {
  WASI_ASSIGN(const auto bytes, bytes_at(memory, pointer, length));
  return as_text(bytes);
}

Attempt<Buffers> Buffers::at(GuestMemory memory, uint64_t pointer, uint64_t count) {
  if (count > kCountMax) return Errno::kInval;
  if (!memory.slice(pointer, count * sizeof(Iovec))) return Errno::kFault;
  uint64_t total = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const auto buffer = memory.load<Iovec>(pointer + i * sizeof(Iovec));
    if (!memory.slice(buffer->pointer, buffer->length)) return Errno::kFault;
    total += buffer->length;
  }
  if (total > UINT32_MAX) return Errno::kInval;
  return Buffers(memory, pointer, static_cast<uint32_t>(count));
}

std::span<uint8_t> Buffers::operator[](uint32_t index) const {
  // Reading into one buffer may have changed the list itself, so it is checked again.
  const auto buffer = memory_.load<Iovec>(pointer_ + index * sizeof(Iovec));
  return memory_.slice(buffer->pointer, buffer->length).value_or(std::span<uint8_t>());
}

}  // namespace timerose::wasi
