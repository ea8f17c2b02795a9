// upper: the `fan` ABI in C. Exports memory, alloc and two functions on bytes: `upper` (ASCII letters
// to capitals) and `reverse`. Each works in place and returns the length of its output.
#include <stddef.h>
#include <stdint.h>

extern unsigned char __heap_base;
static uintptr_t next_free;

// A bump allocator: an instance lives for one call. Grows the memory as needed; 0 if it cannot.
__attribute__((export_name("alloc"))) void* alloc(size_t length) {
  if (!next_free) next_free = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
  const uintptr_t start = next_free;
  const uintptr_t end = start + length;
  const uintptr_t have = __builtin_wasm_memory_size(0) * 65536;
  if (end > have && __builtin_wasm_memory_grow(0, (end - have + 65535) / 65536) == (size_t)-1) {
    return NULL;
  }
  next_free = (end + 15) & ~(uintptr_t)15;
  return (void*)start;
}

__attribute__((export_name("upper"))) int32_t upper(uint8_t* bytes, int32_t length) {
  for (int32_t i = 0; i < length; i++) {
    if (bytes[i] >= 'a' && bytes[i] <= 'z') bytes[i] -= 'a' - 'A';
  }
  return length;
}

__attribute__((export_name("reverse"))) int32_t reverse(uint8_t* bytes, int32_t length) {
  for (int32_t i = 0; i < length / 2; i++) {
    const uint8_t last = bytes[length - 1 - i];
    bytes[length - 1 - i] = bytes[i];
    bytes[i] = last;
  }
  return length;
}
