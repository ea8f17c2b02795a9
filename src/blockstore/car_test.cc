#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hex.h"
#include "blockstore/car_reader.h"
#include "blockstore/car_writer.h"
#include "blockstore/memory_blockstore.h"
#include "ipld/dag_cbor.h"
#include "multiformats/varint.h"

namespace timerose {
namespace {

using ::testing::HasSubstr;

constexpr const char* kEmptyHeader = "11a265726f6f7473806776657273696f6e01";

Block raw(std::string_view data) {
  return Block::of_sha256(Codec::kRaw, SharedBytes::copy_of(as_bytes(data)));
}

CarSink into(Bytes& out) {
  return [&out](ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
    return success();
  };
}

// Gives `bytes` in parts of at most `part`.
CarSource from(Bytes bytes, size_t part = SIZE_MAX) {
  return [bytes = std::move(bytes), part, at = size_t{0}](std::span<uint8_t> out) mutable {
    const size_t count = std::min({out.size(), part, bytes.size() - at});
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(at), count, out.begin());
    at += count;
    return Result<size_t>(count);
  };
}

Bytes archive(const std::vector<Cid>& roots, const std::vector<Block>& blocks) {
  Bytes out;
  CarWriter writer(into(out), roots);
  for (const Block& block : blocks) EXPECT_TRUE(writer.put(block.cid(), block.data().view()).ok());
  EXPECT_TRUE(writer.finish().ok());
  return out;
}

void append_u64(Bytes& out, uint64_t value) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

Bytes v2_header(uint64_t data_offset, uint64_t data_bytes, uint64_t index_offset) {
  Bytes out = *hex_decode("0aa16776657273696f6e02");
  out.resize(out.size() + 16);
  append_u64(out, data_offset);
  append_u64(out, data_bytes);
  append_u64(out, index_offset);
  return out;
}

Bytes joined(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// The blocks' data, or the first error.
Result<std::vector<std::string>> read_all(const Bytes& bytes, size_t part = SIZE_MAX) {
  TR_ASSIGN(CarReader reader, CarReader::open(from(bytes, part)));
  std::vector<std::string> found;
  while (true) {
    TR_ASSIGN(const auto block, reader.next());
    if (!block) return found;
    found.emplace_back(as_text(block->data().view()));
  }
}

Error error_of(const Bytes& bytes) {
  auto read = read_all(bytes);
  EXPECT_FALSE(read.ok());
  return read.ok() ? Error{} : read.error();
}

Error error_of(std::string_view hex) { return error_of(*hex_decode(hex)); }

TEST(Car, ReadsWhatItWrote) {
  const std::vector<Block> blocks{raw("one"), raw(""), raw(std::string(300'000, 'x'))};
  const Bytes bytes = archive({blocks[0].cid(), blocks[2].cid()}, blocks);
  for (const size_t part : {size_t{1}, size_t{7}, SIZE_MAX}) {
    auto reader = CarReader::open(from(bytes, part));
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    EXPECT_EQ(reader->roots(), (std::vector<Cid>{blocks[0].cid(), blocks[2].cid()}));
    EXPECT_FALSE(reader->v2().has_value());
    for (const Block& block : blocks) {
      auto read = reader->next();
      ASSERT_TRUE(read.ok()) << read.error().message;
      ASSERT_TRUE(read->has_value());
      EXPECT_EQ((*read)->cid(), block.cid());
      EXPECT_TRUE(equal((*read)->data().view(), block.data().view()));
    }
    EXPECT_FALSE(reader->next()->has_value());
    EXPECT_FALSE(reader->next()->has_value());
  }
}

TEST(Car, WritesTheFormOfTheSpecification) {
  EXPECT_EQ(hex_encode(archive({}, {})), kEmptyHeader);
  const Block block = raw("a");
  EXPECT_EQ(hex_encode(archive({block.cid()}, {block})),
            "3a"
            "a265726f6f747381d82a582500" +
                hex_encode(block.cid().bytes()) +
                "6776657273696f6e01"
                "25" +
                hex_encode(block.cid().bytes()) + "61");
}

TEST(Car, ReadsAVersion2WithPaddingAndIndex) {
  const Bytes inner = archive({raw("a").cid()}, {raw("a"), raw("b")});
  Bytes bytes = v2_header(60, inner.size(), 60 + inner.size() + 3);
  bytes[11] = 0x80;
  bytes.resize(60);
  bytes = joined(joined(bytes, inner), Bytes(100, 0xee));
  auto reader = CarReader::open(from(bytes, 5));
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  ASSERT_TRUE(reader->v2().has_value());
  EXPECT_TRUE(reader->v2()->fully_indexed);
  EXPECT_EQ(reader->v2()->data_offset, 60U);
  EXPECT_EQ(reader->v2()->data_bytes, inner.size());
  EXPECT_EQ(reader->v2()->index_offset, 60 + inner.size() + 3);
  EXPECT_EQ(reader->roots().size(), 1U);
  EXPECT_EQ(*read_all(bytes), (std::vector<std::string>{"a", "b"}));
}

TEST(Car, RefusesAVersion2WhosePartsDoNotFit) {
  const Bytes inner = archive({}, {raw("a")});
  const size_t size = inner.size();
  EXPECT_TRUE(read_all(joined(v2_header(51, size, 0), inner)).ok());
  for (const Bytes& header :
       {v2_header(50, size, 0), v2_header(UINT64_MAX - 5, size, 0), v2_header(51, UINT64_MAX, 0),
        v2_header(51, size, 60), v2_header(51, size - 1, 0), v2_header(51, size + 1, 0),
        v2_header(5000, size, 0), v2_header(51, 0, 0)}) {
    EXPECT_EQ(error_of(joined(header, inner)).code, ErrorCode::kMalformed);
  }
}

TEST(Car, RefusesAVersion2InsideAVersion2) {
  const Bytes inner = joined(v2_header(51, 18, 0), *hex_decode(kEmptyHeader));
  const Error error = error_of(joined(v2_header(51, inner.size(), 0), inner));
  EXPECT_EQ(error.code, ErrorCode::kMalformed);
  EXPECT_THAT(error.message, HasSubstr("byte 51"));
}

TEST(Car, RefusesEveryTruncation) {
  const Bytes whole = archive({raw("a").cid()}, {raw("a"), raw("bb")});
  const size_t header = archive({raw("a").cid()}, {}).size();
  const size_t second = archive({raw("a").cid()}, {raw("a")}).size();
  for (size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    if (size == header || size == second) {
      EXPECT_TRUE(read_all(cut).ok()) << size;  // the format cannot tell
      continue;
    }
    const Error error = error_of(cut);
    EXPECT_EQ(error.code, ErrorCode::kMalformed) << size;
    EXPECT_THAT(error.message, HasSubstr("truncated")) << size;
    EXPECT_THAT(error.message, HasSubstr("byte " + std::to_string(size) + ":")) << size;
  }
}

TEST(Car, RefusesADamagedBlockAndSaysWhere) {
  Bytes bytes = archive({}, {raw("first"), raw("second")});
  bytes.back() ^= 1;
  const Error error = error_of(bytes);
  EXPECT_EQ(error.code, ErrorCode::kMismatch);
  EXPECT_THAT(error.message, HasSubstr("byte 60"));
  EXPECT_THAT(error.message, HasSubstr(raw("second").cid().to_string()));
}

TEST(Car, RefusesASectionOfLengthZeroOrWithoutACid) {
  EXPECT_THAT(error_of(std::string(kEmptyHeader) + "00").message,
              HasSubstr("byte 18: a section of length zero"));
  EXPECT_EQ(error_of(std::string(kEmptyHeader) + "020155").code, ErrorCode::kMalformed);
  EXPECT_EQ(error_of(std::string(kEmptyHeader) + "0199").code, ErrorCode::kMalformed);
  EXPECT_EQ(error_of(std::string(kEmptyHeader) + "8000").code, ErrorCode::kMalformed);
}

TEST(Car, RefusesHeadersThatAreNotExactlyOne) {
  for (const char* header : {
           "00",                                      // of length zero
           "01a0",                                    // {}
           "0180",                                    // a list
           "0aa16776657273696f6e01",                  // no roots
           "08a165726f6f747380",                      // no version
           "11a265726f6f7473f66776657273696f6e01",    // roots null
           "11a265726f6f7473806776657273696f6ef6",    // version null
           "12a265726f6f747381006776657273696f6e01",  // a root that is no CID
           "11a26776657273696f6e0165726f6f747380",    // keys out of order
           "11a265726f6f7473806776657273696f6e03",    // version 3
           "11a265726f6f7473806776657273696f6e02",    // version 2 with roots
           "13a3616100"
           "65726f6f7473806776657273696f6e01",  // one more key, length too short
           "14a3616100"
           "65726f6f7473806776657273696f6e01",  // one more key
       }) {
    EXPECT_EQ(error_of(header).code, ErrorCode::kMalformed) << header;
  }
}

TEST(Car, HasLimitsOnLengths) {
  Bytes header;
  varint_append(header, kCarHeaderBytesMax + 1);
  EXPECT_EQ(error_of(header).code, ErrorCode::kLimitExceeded);
  Bytes section = *hex_decode(kEmptyHeader);
  varint_append(section, kCarSectionBytesMax + 1);
  EXPECT_EQ(error_of(section).code, ErrorCode::kLimitExceeded);
  EXPECT_THAT(error_of(section).message, HasSubstr("byte 18"));
  const Block largest = Block::of_sha256(Codec::kRaw, Bytes(kBlockBytesMax));
  EXPECT_TRUE(read_all(archive({}, {largest})).ok());
}

TEST(Car, PassesOnTheErrorsOfItsSourceAndSink) {
  EXPECT_EQ(CarReader::open(
                [](std::span<uint8_t>) -> Result<size_t> { return Error{ErrorCode::kIo, "disk"}; })
                .error()
                .code,
            ErrorCode::kIo);
  CarWriter writer([](ByteView) -> Status { return Error{ErrorCode::kNoSpace, "full"}; }, {});
  EXPECT_EQ(writer.finish().error().code, ErrorCode::kNoSpace);
}

TEST(Car, ExportsADagDepthFirstEachBlockOnceWithoutIdentities) {
  MemoryBlockstore store;
  const auto node = [&](const std::vector<Cid>& links) {
    Value::List list;
    for (const Cid& link : links) list.emplace_back(link);
    const Block block = Block::of_sha256(Codec::kDagCbor, *dag_cbor::encode(Value(list)));
    EXPECT_TRUE(store.put(block).ok());
    return block;
  };
  const Block leaf = raw("leaf");
  const Block last = raw("last");
  ASSERT_TRUE(store.put(leaf).ok());
  ASSERT_TRUE(store.put(last).ok());
  const Cid tiny = *Cid::of(Codec::kRaw, HashCode::kIdentity, as_bytes("tiny"));
  const Block middle = node({leaf.cid(), tiny});
  const Block root = node({middle.cid(), leaf.cid(), last.cid()});
  Bytes out;
  const std::vector<Cid> roots{root.cid()};
  ASSERT_TRUE(export_car(store, roots, into(out)).ok());
  EXPECT_EQ(out, archive(roots, {root, middle, leaf, last}));

  ASSERT_TRUE(store.remove(last.cid()).ok());
  EXPECT_EQ(export_car(store, roots, into(out)).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace timerose
