// Unsigned varints as multiformats has them: LEB128, shortest form only, at most 9 bytes (63 bits).
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose {

inline constexpr size_t kVarintBytesMax = 9;

void varint_append(Bytes& out, uint64_t value);
size_t varint_size(uint64_t value);

// Takes one varint off the front of `in`; kMalformed if truncated, longer than needed or over 63
// bits.
Result<uint64_t> varint_take(ByteView& in);

}  // namespace timerose
