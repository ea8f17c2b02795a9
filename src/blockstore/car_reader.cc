#include "blockstore/car_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ipld/dag_cbor.h"
#include "multiformats/varint.h"

namespace timerose {
namespace {

constexpr size_t kV2HeaderBytes = 40;
constexpr uint64_t kV2PragmaBytes = 11;
constexpr uint8_t kFullyIndexedBit = 0x80;  // of the first byte of the characteristics

Error malformed_at(uint64_t offset, std::string_view why) {
  return {ErrorCode::kMalformed, fmt::format("damaged CAR at byte {}: {}", offset, why)};
}

Error at_byte(uint64_t offset, Error error) {
  return std::move(error).within(fmt::format("CAR at byte {}", offset));
}

uint64_t little_endian_u64(ByteView bytes) {
  uint64_t value = 0;
  for (size_t i = 8; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

struct HeaderBlock {
  uint64_t version = 0;
  std::optional<std::vector<Cid>> roots;
};

// A header block's map: "version", and "roots" but in the pragma of a CARv2. Nothing else.
Result<HeaderBlock> parse_header_block(ByteView bytes) {
  TR_ASSIGN(const Value header, dag_cbor::decode(bytes));
  const auto malformed = [](std::string why) { return Error{ErrorCode::kMalformed, why}; };
  const Value::Map* map = header.as_map();
  if (map == nullptr) return malformed("the header should be a map");
  HeaderBlock parsed;
  for (const auto& [key, value] : *map) {
    if (key == "version") {
      const Value::Integer* version = value.as_integer();
      if (version == nullptr || *version < 0) return malformed("the version should be a number");
      parsed.version = static_cast<uint64_t>(*version);
    } else if (key == "roots") {
      const Value::List* list = value.as_list();
      if (list == nullptr) return malformed("the roots should be a list");
      parsed.roots.emplace();
      for (const Value& root : *list) {
        if (root.as_link() == nullptr) return malformed("each root should be a CID");
        parsed.roots->push_back(*root.as_link());
      }
    } else {
      return malformed("the header should have only 'roots' and 'version'");
    }
  }
  if (!map->contains("version")) return malformed("the header has no version");
  return parsed;
}

Result<CarV2Header> parse_v2_header(ByteView bytes) {
  CarV2Header header;
  header.fully_indexed = (bytes[0] & kFullyIndexedBit) != 0;
  header.data_offset = little_endian_u64(bytes.subspan(16));
  header.data_bytes = little_endian_u64(bytes.subspan(24));
  header.index_offset = little_endian_u64(bytes.subspan(32));
  constexpr uint64_t kOffsetMax = INT64_MAX;
  const uint64_t first = kV2PragmaBytes + kV2HeaderBytes;
  if (header.data_offset < first || header.data_offset > kOffsetMax ||
      header.data_bytes > kOffsetMax - header.data_offset) {
    return malformed_at(kV2PragmaBytes, fmt::format("the CARv2 header puts {} bytes of data at {}",
                                                    header.data_bytes, header.data_offset));
  }
  if (header.index_offset != 0 && header.index_offset < header.data_offset + header.data_bytes) {
    return malformed_at(
        kV2PragmaBytes,
        fmt::format("the CARv2 header puts the index at {}, inside the data", header.index_offset));
  }
  return header;
}

}  // namespace

// A buffer over the source that counts bytes and ends where the archive's data does.
class CarReader::Input {
 public:
  explicit Input(CarSource source) : source_(std::move(source)), buffer_(kBufferBytes) {}

  [[nodiscard]] uint64_t offset() const { return offset_; }
  // Nothing beyond this offset belongs to the data.
  void end_at(uint64_t offset) { end_ = offset; }

  // Whether the data ends here, or the source does.
  Result<bool> at_end() {
    if (offset_ == end_) return true;
    TR_TRY(fill());
    return filled_ == used_;
  }

  // The source may not end before the data does, where that is known.
  [[nodiscard]] Status check_whole() const {
    if (offset_ == end_ || end_ == kUnknown) return success();
    return malformed_at(offset_,
                        fmt::format("it ends before its data does at {}; it is truncated", end_));
  }

  Status read(std::span<uint8_t> out) {
    const uint64_t start = offset_;
    const size_t wanted = out.size();
    while (!out.empty()) {
      TR_ASSIGN(const bool end, at_end());
      if (end) {
        return malformed_at(offset_,
                            fmt::format("it ends {} bytes into a part of {} that starts at "
                                        "{}; it is truncated",
                                        offset_ - start, wanted, start));
      }
      const size_t count = std::min({out.size(), filled_ - used_, bytes_left()});
      std::copy_n(buffer_.begin() + static_cast<ptrdiff_t>(used_), count, out.begin());
      take(count);
      out = out.subspan(count);
    }
    return success();
  }

  Status skip_to(uint64_t offset) {
    while (offset_ < offset) {
      TR_ASSIGN(const bool end, at_end());
      if (end) return malformed_at(offset_, fmt::format("it ends before its data at {}", offset));
      take(static_cast<size_t>(std::min<uint64_t>(offset - offset_, filled_ - used_)));
    }
    return success();
  }

  // A length in front of a part; at most `limit`.
  Result<uint64_t> read_length(std::string_view part, uint64_t limit) {
    const uint64_t start = offset_;
    std::array<uint8_t, kVarintBytesMax> bytes;
    size_t size = 0;
    do {
      TR_TRY(read(std::span(bytes).subspan(size, 1)));
      ++size;
    } while (bytes[size - 1] >= 0x80 && size < bytes.size());
    ByteView view = ByteView(bytes).first(size);
    auto length = varint_take(view);
    if (!length) return malformed_at(start, length.error().message);
    if (*length == 0) return malformed_at(start, fmt::format("a {} of length zero", part));
    if (*length > limit) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("CAR at byte {}: a {} of {} bytes; at most {} are accepted", start,
                               part, *length, limit)};
    }
    return *length;
  }

 private:
  [[nodiscard]] size_t bytes_left() const {
    return static_cast<size_t>(std::min<uint64_t>(end_ - offset_, SIZE_MAX));
  }
  void take(size_t count) {
    used_ += count;
    offset_ += count;
  }
  Status fill() {
    if (used_ < filled_) return success();
    TR_ASSIGN(filled_, source_(buffer_));
    used_ = 0;
    return success();
  }

  static constexpr uint64_t kUnknown = UINT64_MAX;
  static constexpr size_t kBufferBytes = 64U << 10;
  CarSource source_;
  Bytes buffer_;
  size_t used_ = 0;
  size_t filled_ = 0;
  uint64_t offset_ = 0;
  uint64_t end_ = kUnknown;
};

CarReader::CarReader(std::unique_ptr<Input> input) : input_(std::move(input)) {}
CarReader::CarReader(CarReader&&) noexcept = default;
CarReader& CarReader::operator=(CarReader&&) noexcept = default;
CarReader::~CarReader() = default;

Result<CarReader> CarReader::open(CarSource source) {
  CarReader reader(std::make_unique<Input>(std::move(source)));
  TR_TRY(reader.read_headers());
  return reader;
}

Status CarReader::read_headers() {
  const auto read_header_block = [this]() -> Result<HeaderBlock> {
    const uint64_t start = input_->offset();
    TR_ASSIGN(const uint64_t length, input_->read_length("header", kCarHeaderBytesMax));
    Bytes bytes(length);
    TR_TRY(input_->read(bytes));
    auto header = parse_header_block(bytes);
    if (!header) return at_byte(start, std::move(header).error());
    return header;
  };

  TR_ASSIGN(HeaderBlock header, read_header_block());
  if (header.version == 2 && !header.roots && input_->offset() == kV2PragmaBytes) {
    std::array<uint8_t, kV2HeaderBytes> fixed;
    TR_TRY(input_->read(fixed));
    TR_ASSIGN(v2_, parse_v2_header(fixed));
    TR_TRY(input_->skip_to(v2_->data_offset));
    input_->end_at(v2_->data_offset + v2_->data_bytes);
    TR_ASSIGN(header, read_header_block());
  }
  if (header.version != 1) {
    return malformed_at(v2_ ? v2_->data_offset : 0,
                        fmt::format("the header says version {}; a CARv1, or the fixed first bytes "
                                    "of a CARv2, were expected",
                                    header.version));
  }
  if (!header.roots) return malformed_at(v2_ ? v2_->data_offset : 0, "the header has no roots");
  roots_ = *std::move(header.roots);
  return success();
}

Result<std::optional<Block>> CarReader::next() {
  TR_ASSIGN(const bool end, input_->at_end());
  if (end) {
    TR_TRY(input_->check_whole());
    return std::optional<Block>();
  }
  const uint64_t start = input_->offset();
  TR_ASSIGN(const uint64_t length, input_->read_length("section", kCarSectionBytesMax));
  Bytes bytes(length);
  TR_TRY(input_->read(bytes));
  ByteView rest = bytes;
  auto cid = Cid::take(rest);
  if (!cid) return at_byte(start, std::move(cid).error());
  const size_t size = rest.size();
  auto block =
      Block::verify(*std::move(cid), SharedBytes(std::move(bytes)).slice(length - size, size));
  if (!block) return at_byte(start, std::move(block).error());
  return std::optional<Block>(*std::move(block));
}

}  // namespace timerose
