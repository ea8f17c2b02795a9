#include "multiformats/varint.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace timerose {
namespace {

Bytes encoded(uint64_t value) {
  Bytes out;
  varint_append(out, value);
  return out;
}

Result<uint64_t> taken(std::string_view hex) {
  const Bytes bytes = *hex_decode(hex);
  ByteView view = bytes;
  return varint_take(view);
}

TEST(Varint, TakesWhatWasAppended) {
  for (int bit = 0; bit < 63; ++bit) {
    for (const uint64_t value : {(uint64_t{1} << bit) - 1, uint64_t{1} << bit}) {
      Bytes bytes = encoded(value);
      EXPECT_EQ(bytes.size(), varint_size(value));
      bytes.push_back(0x55);
      ByteView rest = bytes;
      auto result = varint_take(rest);
      ASSERT_TRUE(result.ok());
      EXPECT_EQ(*result, value);
      EXPECT_EQ(rest.size(), 1U);
    }
  }
}

TEST(Varint, IsLittleEndianInGroupsOfSevenBits) {
  EXPECT_EQ(hex_encode(encoded(0)), "00");
  EXPECT_EQ(hex_encode(encoded(127)), "7f");
  EXPECT_EQ(hex_encode(encoded(128)), "8001");
  EXPECT_EQ(hex_encode(encoded(300)), "ac02");
  EXPECT_EQ(hex_encode(encoded(INT64_MAX)), "ffffffffffffffff7f");
}

TEST(Varint, RefusesWhatIsTruncatedTooLongOrTooLarge) {
  for (const char* hex : {"", "80", "ff", "ffffffffffffffff",                 // truncated
                          "8000", "ff00", "808080808080808000",               // not shortest
                          "ffffffffffffffffff01", "80808080808080808001"}) {  // over 63 bits
    auto result = taken(hex);
    ASSERT_FALSE(result.ok()) << hex;
    EXPECT_EQ(result.error().code, ErrorCode::kMalformed) << hex;
  }
}

TEST(Varint, LeavesTheInputAloneOnAnError) {
  const Bytes bytes{0x80};
  ByteView view = bytes;
  ASSERT_FALSE(varint_take(view).ok());
  EXPECT_EQ(view.size(), 1U);
}

}  // namespace
}  // namespace timerose
