#include "exchange/car_stream.h"

#include <fmt/format.h>

#include <optional>

#include "blockstore/car_reader.h"
#include "ipld/codec.h"
#include "multiformats/varint.h"

namespace timerose::exchange {
namespace {

// The length in front of a section; nothing if it is not whole yet.
Result<std::optional<uint64_t>> take_length(ByteView& in) {
  size_t bytes = 0;
  while (bytes < in.size() && (in[bytes] & 0x80) != 0) ++bytes;
  if (bytes == in.size() && bytes < kVarintBytesMax) return std::optional<uint64_t>();
  TR_ASSIGN(const uint64_t length, varint_take(in));
  return std::optional(length);
}

Result<Block> parse_section(ByteView section) {
  auto cid = Cid::take(section);
  if (!cid.ok()) return std::move(cid).error().within("a section of the CAR");
  if (section.size() > kBlockBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("block {} has {} bytes, at most {} are taken", cid->to_string(),
                             section.size(), kBlockBytesMax)};
  }
  return Block::verify(std::move(*cid), SharedBytes::copy_of(section));
}

}  // namespace

Status CarStream::feed(ByteView bytes, const std::function<Status(Block)>& give) {
  if (waiting_.empty()) {
    TR_TRY(take_sections(bytes, give));
    waiting_ = to_bytes(bytes);
    return success();
  }
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
  ByteView rest = waiting_;
  TR_TRY(take_sections(rest, give));
  waiting_.erase(waiting_.begin(), waiting_.end() - static_cast<std::ptrdiff_t>(rest.size()));
  return success();
}

// Takes the whole sections off the front of `rest`.
Status CarStream::take_sections(ByteView& rest, const std::function<Status(Block)>& give) {
  while (!rest.empty()) {
    ByteView at = rest;
    TR_ASSIGN(const auto length, take_length(at));
    if (!length) return success();
    const uint64_t limit = has_header_ ? kCarSectionBytesMax : kCarStreamHeaderBytesMax;
    if (*length == 0 || *length > limit) {
      return Error{
          ErrorCode::kMalformed,
          fmt::format("the CAR has a section of {} bytes, expected 1 to {}", *length, limit)};
    }
    if (at.size() < *length) return success();
    const ByteView section = at.first(*length);
    rest = at.subspan(*length);
    if (!has_header_) {
      TR_TRY(check_header(section));
      has_header_ = true;
      continue;
    }
    TR_ASSIGN(Block block, parse_section(section));
    TR_TRY(give(std::move(block)));
  }
  return success();
}

// What its roots are means nothing to trustless clients.
Status CarStream::check_header(ByteView header) const {
  TR_ASSIGN(const Value value, ipld::decode(Codec::kDagCbor, header));
  const Value* version = value.as_map() != nullptr ? value.find("version") : nullptr;
  if (version == nullptr || *version != Value(1)) {
    return Error{ErrorCode::kMalformed, "expected a CAR of version 1"};
  }
  return success();
}

}  // namespace timerose::exchange
