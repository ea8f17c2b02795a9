// MurmurHash3, the 128-bit variant for 64-bit machines, seed 0: its first 64 bits place the names
// of a sharded directory (multicodec 0x22, murmur3-x64-64).
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace timerose::unixfs {

inline constexpr uint64_t kMurmur3Code = 0x22;

uint64_t murmur3_x64_64(ByteView data);

}  // namespace timerose::unixfs
