#include "ipld/dag_cbor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/hex.h"

namespace timerose::dag_cbor {
namespace {

using ::testing::HasSubstr;

const char kRawCidHex[] =
    "0155122001020304050607080910111213141516171819202122232425262728293031ff";

Cid some_cid() { return *Cid::decode(*hex_decode(kRawCidHex)); }

Result<Value> decode_hex(std::string_view hex) { return decode(*hex_decode(hex)); }

std::string encode_hex(const Value& value) {
  const auto bytes = encode(value);
  return bytes.ok() ? hex_encode(*bytes) : bytes.error().message;
}

// The value has this encoding, both ways.
void expect_encoding(const Value& value, std::string_view hex) {
  EXPECT_EQ(encode_hex(value), hex);
  const auto decoded = decode_hex(hex);
  ASSERT_TRUE(decoded.ok()) << hex << ": " << decoded.error().message;
  EXPECT_TRUE(*decoded == value) << hex;
}

void expect_refused(std::string_view hex, std::string_view why,
                    ErrorCode code = ErrorCode::kMalformed) {
  const auto decoded = decode_hex(hex);
  ASSERT_FALSE(decoded.ok()) << hex;
  EXPECT_EQ(decoded.error().code, code) << hex;
  EXPECT_THAT(decoded.error().message, HasSubstr(std::string(why))) << hex;
  // The walk over links is as strict.
  const auto links = for_each_link(*hex_decode(hex), [](const Cid&) { return success(); });
  ASSERT_FALSE(links.ok()) << hex;
  EXPECT_EQ(links.error().message, decoded.error().message);
}

TEST(DagCbor, EncodesScalarsAsTheSpecificationDoes) {
  expect_encoding(nullptr, "f6");
  expect_encoding(false, "f4");
  expect_encoding(true, "f5");
  expect_encoding("", "60");
  expect_encoding("\xe6\xb0\xb4", "63e6b0b4");
  expect_encoding(Bytes{}, "40");
  expect_encoding(Bytes{1, 2}, "420102");
}

TEST(DagCbor, EncodesIntegersInTheirShortestForm) {
  expect_encoding(0, "00");
  expect_encoding(23, "17");
  expect_encoding(24, "1818");
  expect_encoding(255, "18ff");
  expect_encoding(256, "190100");
  expect_encoding(65535, "19ffff");
  expect_encoding(65536, "1a00010000");
  expect_encoding(int64_t{0xffffffff}, "1affffffff");
  expect_encoding(int64_t{0x100000000}, "1b0000000100000000");
  expect_encoding(UINT64_MAX, "1bffffffffffffffff");
  expect_encoding(-1, "20");
  expect_encoding(-24, "37");
  expect_encoding(-25, "3818");
  expect_encoding(-257, "390100");
  expect_encoding(INT64_MIN, "3b7fffffffffffffff");
  expect_encoding(-1 - Value::Integer{UINT64_MAX}, "3bffffffffffffffff");
}

TEST(DagCbor, WritesEveryFloatWith64Bits) {
  expect_encoding(0.5, "fb3fe0000000000000");
  expect_encoding(1.0, "fb3ff0000000000000");
  expect_encoding(-0.0, "fb8000000000000000");
  EXPECT_TRUE(std::signbit(*decode_hex("fb8000000000000000")->as_float()));
}

TEST(DagCbor, EncodesListsMapsAndLinks) {
  expect_encoding(Value::List{}, "80");
  expect_encoding(Value::List{1, Value::List{}, "a"}, "8301806161");
  expect_encoding(Value::Map{}, "a0");
  expect_encoding(Value::Map{{"aa", 1}, {"b", 2}, {"", nullptr}}, "a360f661620262616101");
  expect_encoding(some_cid(), std::string("d82a582500") + kRawCidHex);
}

TEST(DagCbor, RefusesIntegersThatAreNotShortest) {
  for (const char* hex : {"1817", "190017", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3800"}) {
    expect_refused(hex, "shortest form");
  }
}

TEST(DagCbor, RefusesLengthsThatAreNotShortest) {
  for (const char* hex : {"5800", "7800", "9800", "b800", "d9002a4100"}) {
    expect_refused(hex, "shortest form");
  }
}

TEST(DagCbor, RefusesIndefiniteLengthsAndBreak) {
  for (const char* hex : {"5fff", "7fff", "9fff", "bfff", "ff"}) expect_refused(hex, "indefinite");
}

TEST(DagCbor, RefusesReservedAdditionalInformation) {
  for (const char* hex : {"1c", "1d", "1e", "fc"}) expect_refused(hex, "reserved");
}

TEST(DagCbor, RefusesKeysOutOfOrder) {
  expect_refused("a2616201616102", "\"a\" is not in order");
  expect_refused("a262616101616202", "\"b\" is not in order");
}

TEST(DagCbor, RefusesARepeatedKey) { expect_refused("a2616101616102", "\"a\" is repeated"); }

TEST(DagCbor, RefusesAKeyThatIsNotText) {
  expect_refused("a10101", "key is not text");
  expect_refused("a1416101", "key is not text");
}

TEST(DagCbor, RefusesTextThatIsNotUtf8) {
  expect_refused("61ff", "UTF-8");
  expect_refused("62c080", "UTF-8");      // overlong
  expect_refused("63eda080", "UTF-8");    // a surrogate
  expect_refused("64f4908080", "UTF-8");  // beyond U+10FFFF
  expect_refused("a161ff01", "UTF-8");
}

TEST(DagCbor, RefusesTagsOtherThan42) {
  expect_refused("c001", "tag 0");
  expect_refused("d82b4100", "tag 43");
}

TEST(DagCbor, RefusesALinkThatIsNoCid) {
  expect_refused("d82a01", "byte string");
  expect_refused("d82a40", "identity multibase");
  expect_refused(std::string("d82a582401") + kRawCidHex, "identity multibase");
  expect_refused("d82a420001", "no CID");
}

TEST(DagCbor, RefusesShortFloats) {
  expect_refused("f93c00", "16 or 32 bits");
  expect_refused("fa3f800000", "16 or 32 bits");
}

TEST(DagCbor, RefusesNanAndInfinities) {
  for (const char* hex : {"fb7ff8000000000000", "fb7ff0000000000000", "fbfff0000000000000"}) {
    expect_refused(hex, "NaN");
  }
}

TEST(DagCbor, RefusesOtherSimpleValues) {
  for (const char* hex : {"f7", "e0", "f3", "f820", "f8ff"}) expect_refused(hex, "simple value");
}

TEST(DagCbor, RefusesBytesAfterTheEnd) { expect_refused("0000", "1 bytes follow"); }

TEST(DagCbor, RefusesATruncatedInput) {
  for (const char* hex : {"", "81", "a1", "a16161", "18", "1b00", "fb00", "d82a"}) {
    expect_refused(hex, "");
  }
}

TEST(DagCbor, RefusesALengthThatTheInputCannotBack) {
  expect_refused("5bffffffffffffffff", "length of 18446744073709551615");
  expect_refused("7b7fffffffffffffff61", "1 follow");
  expect_refused("9bffffffffffffffff00", "list of 18446744073709551615");
  expect_refused("a2616100", "map of 2");
}

TEST(DagCbor, SaysWhereTheFaultLies) { expect_refused("8300001801", "at byte 3"); }

Bytes nested_lists(size_t depth) {
  Bytes bytes(depth - 1, 0x81);
  bytes.push_back(0x80);
  return bytes;
}

TEST(DagCbor, NestsToItsLimitAndNoFurther) {
  const auto deepest = decode(nested_lists(kDepthMax));
  ASSERT_TRUE(deepest.ok());
  EXPECT_EQ(*encode(*deepest), nested_lists(kDepthMax));
  const auto deeper = decode(nested_lists(kDepthMax + 1));
  ASSERT_FALSE(deeper.ok());
  EXPECT_EQ(deeper.error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(encode(Value::List{*deepest}).error().code, ErrorCode::kLimitExceeded);
}

TEST(DagCbor, RefusesAHundredThousandLevels) {
  EXPECT_EQ(decode(nested_lists(100'000)).error().code, ErrorCode::kLimitExceeded);
}

TEST(DagCbor, CannotEncodeWhatItWouldNotDecode) {
  EXPECT_THAT(encode_hex(std::nan("")), HasSubstr("NaN"));
  EXPECT_THAT(encode_hex(std::numeric_limits<double>::infinity()), HasSubstr("infinity"));
  EXPECT_THAT(encode_hex("\xff"), HasSubstr("UTF-8"));
  EXPECT_THAT(encode_hex(Value::Map{{"\xff", 1}}), HasSubstr("UTF-8"));
  EXPECT_THAT(encode_hex(Value::Integer{UINT64_MAX} + 1), HasSubstr("2^64"));
  EXPECT_THAT(encode_hex(-2 - Value::Integer{UINT64_MAX}), HasSubstr("2^64"));
}

TEST(DagCbor, VisitsLinksInOrderAndPassesOnErrors) {
  const Cid other = Cid::of_sha256(Codec::kDagCbor, as_bytes("x"));
  const Value value =
      Value::Map{{"a", Value::List{some_cid(), other}}, {"b", some_cid()}, {"c", "text"}};
  std::vector<Cid> seen;
  const auto bytes = encode(value);
  ASSERT_TRUE(for_each_link(*bytes, [&](const Cid& cid) {
                seen.push_back(cid);
                return success();
              }).ok());
  EXPECT_EQ(seen, (std::vector<Cid>{some_cid(), other, some_cid()}));

  const auto stopped = for_each_link(
      *bytes, [](const Cid&) -> Status { return Error{ErrorCode::kCancelled, "enough"}; });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().message, "enough");
}

TEST(DagCborWriter, WritesWhatEncodeWrites) {
  Bytes out;
  Writer writer(out);
  writer.map(4);
  writer.text("a");
  writer.list(5);
  writer.null();
  writer.boolean(true);
  writer.integer(1000);
  writer.negative(-1000);
  writer.negative(7);
  writer.text("b");
  writer.link(some_cid());
  writer.text("c");
  writer.bytes(Bytes{9});
  writer.text("dd");
  writer.floating(1.5);
  EXPECT_EQ(out, *encode(Value::Map{{"a", Value::List{nullptr, true, 1000, -1000, 7}},
                                    {"b", some_cid()},
                                    {"c", Bytes{9}},
                                    {"dd", 1.5}}));
}

#ifndef NDEBUG
TEST(DagCborWriterDeathTest, NoticesABrokenCanonInDebugBuilds) {
  Bytes out;
  EXPECT_DEATH(
      {
        Writer writer(out);
        writer.map(2);
        writer.text("b");
        writer.null();
        writer.text("a");
      },
      "CHECK");
  EXPECT_DEATH(
      {
        Writer writer(out);
        writer.list(1);
        writer.null();
        writer.null();
      },
      "CHECK");
}
#endif

}  // namespace
}  // namespace timerose::dag_cbor
