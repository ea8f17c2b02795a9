#include "exchange/car_stream.h"

#include <gtest/gtest.h>

#include "blockstore/car_reader.h"
#include "exchange/car_testing.h"
#include "multiformats/varint.h"

namespace timerose::exchange {
namespace {

using car_testing::leaf;

Bytes car_bytes(const std::vector<Block>& blocks) {
  return to_bytes(as_bytes(car_testing::car_of(blocks)));
}

struct Read {
  std::vector<Cid> cids;
  Status status;
  bool may_end = false;
};

// Fed in pieces of `piece` bytes.
Read read(ByteView car, size_t piece) {
  CarStream stream;
  Read read;
  while (!car.empty() && read.status.ok()) {
    const ByteView part = car.first(std::min(piece, car.size()));
    car = car.subspan(part.size());
    read.status = stream.feed(part, [&](const Block& block) {
      read.cids.push_back(block.cid());
      return success();
    });
  }
  read.may_end = stream.may_end();
  return read;
}

TEST(CarStream, GivesTheSameBlocksHoweverTheBytesAreCut) {
  const std::vector<Block> blocks = {leaf("a"), leaf(std::string(1000, 'b')), leaf("")};
  const Bytes car = car_bytes(blocks);
  for (size_t piece = 1; piece <= car.size(); ++piece) {
    const Read result = read(car, piece);
    ASSERT_TRUE(result.status.ok()) << result.status.error().message;
    ASSERT_EQ(result.cids.size(), 3);
    EXPECT_EQ(result.cids[1], blocks[1].cid());
    EXPECT_TRUE(result.may_end);
  }
}

TEST(CarStream, KnowsThatItIsNotAtAnEnd) {
  const Bytes car = car_bytes({leaf("a"), leaf("b")});
  EXPECT_FALSE(read(ByteView(car).first(car.size() - 1), 7).may_end);
  EXPECT_FALSE(read({}, 1).may_end);
  EXPECT_FALSE(read(ByteView(car).first(10), 10).may_end);
}

TEST(CarStream, RefusesAChangedBlock) {
  Bytes car = car_bytes({leaf("a"), leaf("hello")});
  car.back() ^= 1;
  const Read result = read(car, 16);
  EXPECT_EQ(result.cids.size(), 1);
  EXPECT_EQ(result.status.error().code, ErrorCode::kMismatch);
}

TEST(CarStream, RefusesWhatIsNoCar) {
  EXPECT_EQ(read(as_bytes("<html>" + std::string(100, ' ') + "</html>"), 5).status.error().code,
            ErrorCode::kMalformed);
  Bytes version_2 = {0x0a, 0xa1, 0x67, 'v', 'e', 'r', 's', 'i', 'o', 'n', 0x02};
  EXPECT_EQ(read(version_2, 5).status.error().code, ErrorCode::kMalformed);
  EXPECT_EQ(read(Bytes{0}, 1).status.error().code, ErrorCode::kMalformed);
}

TEST(CarStream, RefusesSectionsOverTheirLimitBeforeTheyArrive) {
  Bytes car = car_bytes({});
  varint_append(car, kCarSectionBytesMax + 1);
  EXPECT_EQ(read(car, 8).status.error().code, ErrorCode::kMalformed);
  Bytes header;
  varint_append(header, kCarStreamHeaderBytesMax + 1);
  EXPECT_EQ(read(header, 8).status.error().code, ErrorCode::kMalformed);
  EXPECT_FALSE(read(Bytes(20, 0xff), 1).status.ok());  // a length that does not end
}

TEST(CarStream, RefusesASectionWithoutACid) {
  Bytes car = car_bytes({});
  car.insert(car.end(), {3, 1, 0x55, 0x12});
  EXPECT_EQ(read(car, 100).status.error().code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace timerose::exchange
