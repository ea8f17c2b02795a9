#include "multiformats/varint.h"

namespace timerose {

void varint_append(Bytes& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<uint8_t>(value));
}

size_t varint_size(uint64_t value) {
  size_t size = 1;
  while (value >>= 7) ++size;
  return size;
}

Result<uint64_t> varint_take(ByteView& in) {
  uint64_t value = 0;
  for (size_t i = 0; i < kVarintBytesMax; ++i) {
    if (i == in.size()) {
      return Error{ErrorCode::kMalformed, "the bytes end inside a variable-length number"};
    }
    value |= static_cast<uint64_t>(in[i] & 0x7f) << (7 * i);
    if (in[i] >= 0x80) continue;
    if (i > 0 && in[i] == 0) {
      return Error{ErrorCode::kMalformed,
                   "a variable-length number is written longer than it needs to be"};
    }
    in = in.subspan(i + 1);
    return value;
  }
  return Error{ErrorCode::kMalformed, "a variable-length number is over 63 bits"};
}

}  // namespace timerose
