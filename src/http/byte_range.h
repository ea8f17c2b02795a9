// Ranges of bytes in requests: the Range header (RFC 9110 section 14) and the parameter
// entity-bytes of trustless gateways.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace timerose::http {

struct ByteRange {
  uint64_t begin = 0;
  uint64_t end = 0;  // of the byte after the last
  bool operator==(const ByteRange&) const = default;
};

struct WholeBody {};      // no range, or one of a kind that is not served in parts: several at once
struct Unsatisfiable {};  // 416
using RangeAnswer = std::variant<WholeBody, ByteRange, Unsatisfiable>;

// What a Range header asks of a body of `size` bytes. What is no valid header is passed over.
RangeAnswer parse_range_header(std::string_view header, uint64_t size);

// "from:to", both inclusive; negative numbers count from the end, "*" is the end.
struct EntityBytes {
  int64_t from = 0;
  std::optional<int64_t> to;
  bool operator==(const EntityBytes&) const = default;
};
// kInvalidArgument for what is none, and for one that is empty whatever the size.
Result<EntityBytes> parse_entity_bytes(std::string_view text);
std::string format_entity_bytes(const EntityBytes& bytes);

// The part of a range that lies inside `size` bytes: an empty one if it begins behind its end;
// nothing if it lies outside altogether. Of nothing, everything is inside.
std::optional<ByteRange> clip(const EntityBytes& bytes, uint64_t size);

}  // namespace timerose::http
