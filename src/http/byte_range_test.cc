#include "http/byte_range.h"

#include <gtest/gtest.h>

namespace timerose::http {
namespace {

std::optional<ByteRange> part(std::string_view header, uint64_t size) {
  const RangeAnswer answer = parse_range_header(header, size);
  const auto* range = std::get_if<ByteRange>(&answer);
  return range == nullptr ? std::nullopt : std::optional(*range);
}

bool is_whole(std::string_view header) {
  return std::holds_alternative<WholeBody>(parse_range_header(header, 10));
}

bool is_unsatisfiable(std::string_view header, uint64_t size = 10) {
  return std::holds_alternative<Unsatisfiable>(parse_range_header(header, size));
}

TEST(RangeHeader, NamesAPart) {
  EXPECT_EQ(part("bytes=0-0", 10), (ByteRange{0, 1}));
  EXPECT_EQ(part("bytes=2-5", 10), (ByteRange{2, 6}));
  EXPECT_EQ(part("bytes=7-", 10), (ByteRange{7, 10}));
  EXPECT_EQ(part("bytes=-3", 10), (ByteRange{7, 10}));
}

TEST(RangeHeader, IsCutAtTheEndOfTheBody) {
  EXPECT_EQ(part("bytes=5-99", 10), (ByteRange{5, 10}));
  EXPECT_EQ(part("bytes=-99", 10), (ByteRange{0, 10}));
  EXPECT_EQ(part("bytes=5-18446744073709551615", 10), (ByteRange{5, 10}));
}

TEST(RangeHeader, OutsideOfTheBodyCannotBeMet) {
  EXPECT_TRUE(is_unsatisfiable("bytes=10-"));
  EXPECT_TRUE(is_unsatisfiable("bytes=10-20"));
  EXPECT_TRUE(is_unsatisfiable("bytes=-0"));
  EXPECT_TRUE(is_unsatisfiable("bytes=0-", 0));
}

TEST(RangeHeader, IsPassedOverIfInvalidOrOfSeveralParts) {
  for (const char* header :
       {"", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "items=0-1", "bytes=0-1,3-4",
        "bytes=+1-2", "bytes=99999999999999999999-"}) {
    EXPECT_TRUE(is_whole(header)) << header;
  }
}

std::optional<ByteRange> clipped(std::string_view text, uint64_t size) {
  return clip(*parse_entity_bytes(text), size);
}

TEST(EntityBytes, AreInclusiveAndMayCountFromTheEnd) {
  EXPECT_EQ(clipped("0:*", 1026), (ByteRange{0, 1026}));
  EXPECT_EQ(clipped("0:0", 1026), (ByteRange{0, 1}));
  EXPECT_EQ(clipped("512:-256", 1026), (ByteRange{512, 771}));
  EXPECT_EQ(clipped("-5:*", 1026), (ByteRange{1021, 1026}));
  EXPECT_EQ(clipped("-5:-2", 1026), (ByteRange{1021, 1025}));
}

TEST(EntityBytes, AreCutToWhatThereIs) {
  EXPECT_EQ(clipped("-9999:*", 1026), (ByteRange{0, 1026}));
  EXPECT_EQ(clipped("-9999:-3", 1026), (ByteRange{0, 1024}));
  EXPECT_EQ(clipped("1000:9999", 1026), (ByteRange{1000, 1026}));
  EXPECT_EQ(clipped("-9223372036854775808:9223372036854775807", 5), (ByteRange{0, 5}));
}

TEST(EntityBytes, MayTurnOutToBeEmpty) {
  EXPECT_EQ(clipped("800:-800", 1026), (ByteRange{800, 800}));
  EXPECT_EQ(clipped("0:*", 0), ByteRange{});
  EXPECT_EQ(clipped("5:7", 0), ByteRange{});
}

TEST(EntityBytes, OutsideAreNothing) {
  EXPECT_EQ(clipped("1026:*", 1026), std::nullopt);
  EXPECT_EQ(clipped("2000:3000", 1026), std::nullopt);
  EXPECT_EQ(clipped("-3000:-2000", 1026), std::nullopt);
}

TEST(EntityBytes, ReadBackAsTheyWereWritten) {
  for (const char* text : {"0:*", "-5:*", "3:-1", "10:20"}) {
    EXPECT_EQ(format_entity_bytes(*parse_entity_bytes(text)), text);
  }
}

TEST(EntityBytes, RefuseWhatIsNone) {
  for (const char* text : {"", ":", "1", "1:", ":1", "*:*", "a:b", "1:2:3", "+1:2", " 1:2", "5:4",
                           "-4:-5", "1.5:2", "9223372036854775808:*"}) {
    const auto parsed = parse_entity_bytes(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace timerose::http
