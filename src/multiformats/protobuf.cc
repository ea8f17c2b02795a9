#include "multiformats/protobuf.h"

#include <string>

namespace timerose::protobuf {
namespace {

Error truncated(std::string_view what) {
  return Error{ErrorCode::kMalformed, "a protobuf message ends within " + std::string(what)};
}

uint64_t little_endian(ByteView bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

size_t varint_size(uint64_t value) {
  size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

uint8_t* put_varint(uint8_t* at, uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<uint8_t>(value);
  return at;
}

void append_varint(Bytes& out, uint64_t value) {
  uint8_t digits[kVarintBytesMax];
  out.insert(out.end(), digits, put_varint(digits, value));
}

void append_tag(Bytes& out, uint32_t field, Wire wire) {
  append_varint(out, uint64_t{field} << 3 | static_cast<uint8_t>(wire));
}

void append_varint_field(Bytes& out, uint32_t field, uint64_t value) {
  append_tag(out, field, Wire::kVarint);
  append_varint(out, value);
}

void append_bytes_field(Bytes& out, uint32_t field, ByteView value) {
  append_tag(out, field, Wire::kBytes);
  append_varint(out, value.size());
  out.insert(out.end(), value.begin(), value.end());
}

Result<uint64_t> take_varint(ByteView& in) {
  uint64_t value = 0;
  for (size_t i = 0; i < kVarintBytesMax; ++i) {
    if (i == in.size()) return truncated("a varint");
    value |= uint64_t{in[i] & 0x7fU} << (7 * i);
    if (in[i] < 0x80) {
      in = in.subspan(i + 1);
      return value;
    }
  }
  return Error{ErrorCode::kMalformed, "a protobuf message has a varint of more than 10 bytes"};
}

Result<Field> take_field(ByteView& in) {
  TR_ASSIGN(const uint64_t tag, take_varint(in));
  Field field;
  field.number = tag >> 3;
  field.wire = static_cast<Wire>(tag & 7);
  size_t length = 0;
  switch (field.wire) {
    case Wire::kVarint: {
      TR_ASSIGN(field.value, take_varint(in));
      return field;
    }
    case Wire::kBytes: {
      TR_ASSIGN(const uint64_t stated, take_varint(in));
      if (stated > in.size()) return truncated("a field of " + std::to_string(stated) + " bytes");
      length = static_cast<size_t>(stated);
      break;
    }
    case Wire::kFixed64:
      length = 8;
      break;
    case Wire::kFixed32:
      length = 4;
      break;
    default:
      return Error{ErrorCode::kMalformed,
                   "a protobuf message has a field of wire type " + std::to_string(tag & 7)};
  }
  if (length > in.size()) return truncated("a fixed-size field");
  field.bytes = in.first(length);
  if (field.wire != Wire::kBytes) field.value = little_endian(field.bytes);
  in = in.subspan(length);
  return field;
}

}  // namespace timerose::protobuf
