#include "base/hex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace timerose {
namespace {

using ::testing::HasSubstr;

TEST(Hex, DecodesWhatItEncoded) {
  Bytes every(256);
  for (size_t i = 0; i < every.size(); ++i) every[i] = static_cast<uint8_t>(i);
  EXPECT_EQ(*hex_decode(hex_encode(every)), every);
  EXPECT_EQ(hex_encode({}), "");
  EXPECT_EQ(*hex_decode(""), Bytes{});
}

TEST(Hex, WritesLowerCaseAndReadsBoth) {
  EXPECT_EQ(hex_encode(Bytes{0x0a, 0xf9}), "0af9");
  EXPECT_EQ(*hex_decode("aAfF"), (Bytes{0xaa, 0xff}));
}

TEST(Hex, NamesThePositionOfABadDigit) {
  EXPECT_EQ(hex_decode("abc").error().code, ErrorCode::kMalformed);
  EXPECT_THAT(hex_decode("abc").error().message, HasSubstr("found 3"));
  EXPECT_THAT(hex_decode("0g").error().message, HasSubstr("position 1"));
  EXPECT_THAT(hex_decode("00:0").error().message, HasSubstr("position 2"));
}

}  // namespace
}  // namespace timerose
