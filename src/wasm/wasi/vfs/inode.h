// Inode numbers that are the same on every machine: of what a mount holds by its path, of what the
// guest makes by the order in which it does.
#pragma once

#include <cstdint>
#include <string_view>

namespace timerose::wasi::vfs {

inline constexpr uint64_t kRootInode = 2;
inline constexpr uint64_t kStdinInode = 3;
inline constexpr uint64_t kStreamInode = 4;  // standard output; standard error is the next

// A UnixFS time beyond this has no place in 64 bits of nanoseconds; it is left out.
inline constexpr int64_t kMtimeSecondsMax = 1LL << 34;

// The finalizer of splitmix64: spreads every bit over all.
constexpr uint64_t mix_bits(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// FNV-1a over the name, from the parent's number. Never one of the small numbers above.
inline uint64_t inode_below(uint64_t parent, std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325ULL ^ mix_bits(parent);
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  return mix_bits(hash) | 0x100;
}

constexpr uint64_t inode_made(uint64_t number) {
  return mix_bits(number + 0x9e3779b97f4a7c15ULL) | 0x100;
}

}  // namespace timerose::wasi::vfs
