// The few pieces of the protobuf wire format that IPFS needs. Unlike the varints of multiformats,
// these may be longer than needed and hold 64 bits.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose::protobuf {

enum class Wire : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

inline constexpr size_t kVarintBytesMax = 10;

size_t varint_size(uint64_t value);
void append_varint(Bytes& out, uint64_t value);
void append_tag(Bytes& out, uint32_t field, Wire wire);
void append_varint_field(Bytes& out, uint32_t field, uint64_t value);
void append_bytes_field(Bytes& out, uint32_t field, ByteView value);
// Writes `value` at `at`, which has room for kVarintBytesMax, and returns what is after it.
uint8_t* put_varint(uint8_t* at, uint64_t value);

Result<uint64_t> take_varint(ByteView& in);

struct Field {
  uint64_t number = 0;
  Wire wire = Wire::kVarint;
  uint64_t value = 0;  // of a varint or a fixed
  ByteView bytes;      // of kBytes
};
// Takes one field off the front of `in`; kMalformed if truncated or of a wire type not above.
Result<Field> take_field(ByteView& in);

}  // namespace timerose::protobuf
