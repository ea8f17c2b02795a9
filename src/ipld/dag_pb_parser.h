// The one reader of DAG-PB: walks the fields of a block and hands out views. Internal to this
// folder.
#pragma once

#include <fmt/format.h>

#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "multiformats/cid.h"

namespace timerose::dag_pb {

inline Error malformed(size_t at, std::string_view what) {
  return Error{ErrorCode::kMalformed, fmt::format("DAG-PB: {} (at byte {})", what, at)};
}

// Takes protobuf fields off the front of a message. `start` is where the message lies in its block,
// for messages. Varints are those of protobuf: up to 64 bits, not always the shortest.
class FieldReader {
 public:
  FieldReader(ByteView in, size_t start) : in_(in), start_(start) {}

  [[nodiscard]] bool at_end() const { return at_ == in_.size(); }
  [[nodiscard]] size_t position() const { return start_ + at_; }

  Status varint(uint64_t& value) {
    constexpr int kLastShift = 63;
    const size_t first = position();
    value = 0;
    for (int shift = 0; shift <= kLastShift; shift += 7) {
      if (at_end()) return malformed(first, "the input ends inside a number");
      const uint8_t byte = in_[at_++];
      if (shift == kLastShift && byte > 1) break;
      value |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return success();
    }
    return malformed(first, "a number over 64 bits");
  }

  Status bytes(ByteView& value) {
    const size_t first = position();
    uint64_t length = 0;
    TR_TRY(varint(length));
    if (length > in_.size() - at_) {
      return malformed(
          first, fmt::format("a length of {} bytes, but {} follow", length, in_.size() - at_));
    }
    value = in_.subspan(at_, length);
    at_ += length;
    return success();
  }

 private:
  ByteView in_;
  size_t start_;
  size_t at_ = 0;
};

// The tag byte of each field: its number and its wire type.
inline constexpr uint64_t kNodeData = 0x0a;
inline constexpr uint64_t kNodeLink = 0x12;
inline constexpr uint64_t kLinkHash = 0x0a;
inline constexpr uint64_t kLinkName = 0x12;
inline constexpr uint64_t kLinkTsize = 0x18;

struct ParsedLink {
  size_t at = 0;
  ByteView hash;
  std::optional<std::string_view> name;
  std::optional<uint64_t> size;

  [[nodiscard]] Result<Cid> cid() const {
    auto cid = Cid::decode(hash);
    if (!cid.ok()) return malformed(at, "the Hash of a link is no CID: " + cid.error().message);
    return cid;
  }
};

// Calls `on_link(position, bytes)` for each link and `on_data(bytes)` for the data.
template <typename OnLink, typename OnData>
Status parse_node(ByteView in, OnLink&& on_link, OnData&& on_data) {
  FieldReader fields(in, 0);
  bool has_data = false;
  bool data_after_links = false;
  bool has_links = false;
  while (!fields.at_end()) {
    const size_t at = fields.position();
    uint64_t tag = 0;
    ByteView value;
    TR_TRY(fields.varint(tag));
    if (tag != kNodeData && tag != kNodeLink) {
      return malformed(
          at, fmt::format("field {} of wire type {} does not belong in a node", tag >> 3, tag & 7));
    }
    TR_TRY(fields.bytes(value));
    if (tag == kNodeData) {
      if (has_data) return malformed(at, "Data is repeated");
      has_data = true;
      data_after_links = has_links;
      on_data(value);
    } else {
      if (data_after_links) return malformed(at, "Data lies between Links");
      has_links = true;
      TR_TRY(on_link(fields.position() - value.size(), value));
    }
  }
  return success();
}

inline Result<ParsedLink> parse_link(size_t start, ByteView in) {
  ParsedLink link;
  link.at = start;
  FieldReader fields(in, start);
  uint64_t last = 0;
  while (!fields.at_end()) {
    const size_t at = fields.position();
    uint64_t tag = 0;
    TR_TRY(fields.varint(tag));
    if (tag != kLinkHash && tag != kLinkName && tag != kLinkTsize) {
      return malformed(
          at, fmt::format("field {} of wire type {} does not belong in a link", tag >> 3, tag & 7));
    }
    if (tag == last) return malformed(at, "a field of a link is repeated");
    if (tag < last) return malformed(at, "the fields of a link are not in order");
    last = tag;
    if (tag == kLinkTsize) {
      uint64_t size = 0;
      TR_TRY(fields.varint(size));
      link.size = size;
      continue;
    }
    ByteView value;
    TR_TRY(fields.bytes(value));
    if (tag == kLinkHash) {
      link.hash = value;
    } else {
      link.name = as_text(value);
    }
  }
  if (link.hash.empty()) return malformed(start, "a link has no Hash");
  return link;
}

// Calls `on_link(const ParsedLink&)` and `on_data(bytes)`.
template <typename OnLink, typename OnData>
Status parse(ByteView in, OnLink&& on_link, OnData&& on_data) {
  return parse_node(
      in,
      [&](size_t at, ByteView bytes) -> Status {
        TR_ASSIGN(const ParsedLink link, parse_link(at, bytes));
        return on_link(link);
      },
      on_data);
}

}  // namespace timerose::dag_pb
