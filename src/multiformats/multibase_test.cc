#include "multiformats/multibase.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace timerose {
namespace {

using ::testing::HasSubstr;

constexpr Multibase kEveryBase[] = {
    Multibase::kIdentity,     Multibase::kBase2,
    Multibase::kBase8,        Multibase::kBase10,
    Multibase::kBase16,       Multibase::kBase16Upper,
    Multibase::kBase32Hex,    Multibase::kBase32HexUpper,
    Multibase::kBase32HexPad, Multibase::kBase32HexPadUpper,
    Multibase::kBase32,       Multibase::kBase32Upper,
    Multibase::kBase32Pad,    Multibase::kBase32PadUpper,
    Multibase::kBase32Z,      Multibase::kBase36,
    Multibase::kBase36Upper,  Multibase::kBase58Btc,
    Multibase::kBase58Flickr, Multibase::kBase64,
    Multibase::kBase64Pad,    Multibase::kBase64Url,
    Multibase::kBase64UrlPad,
};

Error decode_error(std::string_view text) {
  auto decoded = multibase_decode(text);
  EXPECT_FALSE(decoded.ok()) << text;
  return decoded.ok() ? Error{} : decoded.error();
}

TEST(Multibase, DecodesWhatItEncodedInEveryBase) {
  SeededRandom random(1);
  for (const Multibase base : kEveryBase) {
    for (size_t size = 0; size <= 70; ++size) {
      Bytes bytes(size);
      random.fill(bytes);
      if (size > 2 && size % 3 == 0) bytes[0] = bytes[1] = 0;
      const std::string text = multibase_encode(base, bytes);
      EXPECT_EQ(text[0], static_cast<char>(base));
      Multibase found{};
      auto decoded = multibase_decode(text, &found);
      ASSERT_TRUE(decoded.ok()) << multibase_name(base) << " " << decoded.error().message;
      EXPECT_EQ(*decoded, bytes) << multibase_name(base);
      EXPECT_EQ(found, base);
    }
  }
}

TEST(Multibase, NamesEveryBase) {
  for (const Multibase base : kEveryBase) {
    auto named = multibase_named(multibase_name(base));
    ASSERT_TRUE(named.ok()) << multibase_name(base);
    EXPECT_EQ(*named, base);
  }
  auto unknown = multibase_named("base99");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(unknown.error().message, HasSubstr("base58btc"));
}

TEST(Multibase, NamesTheCharacterAndItsPosition) {
  EXPECT_THAT(decode_error("baa1a").message,
              HasSubstr("'1' at position 2 is not a digit of base32"));
  EXPECT_THAT(decode_error("z1l").message,
              HasSubstr("'l' at position 1 is not a digit of base58btc"));
  EXPECT_THAT(decode_error("f0\x01").message, HasSubstr("0x01 at position 1"));
  EXPECT_EQ(decode_error("baa1a").code, ErrorCode::kMalformed);
}

TEST(Multibase, RefusesTextWithoutAKnownBase) {
  EXPECT_THAT(decode_error("").message, HasSubstr("empty"));
  EXPECT_THAT(decode_error("xabc").message, HasSubstr("'x' names no known base"));
  EXPECT_THAT(decode_error("\xf0\x9f\x9a\x80").message, HasSubstr("0xf0"));
}

TEST(Multibase, RefusesASecondSpellingOfTheSameBytes) {
  EXPECT_TRUE(multibase_decode("bme").ok());
  EXPECT_THAT(decode_error("bmf").message, HasSubstr("bits beyond the last byte"));
  EXPECT_THAT(decode_error("bmea").message, HasSubstr("no whole number of bytes"));
  EXPECT_THAT(decode_error("f0").message, HasSubstr("no whole number of bytes"));
  EXPECT_THAT(decode_error("mYR").message, HasSubstr("bits beyond"));
}

TEST(Multibase, WantsExactlyThePaddingOfItsBase) {
  EXPECT_TRUE(multibase_decode("MYQ==").ok());
  for (const char* text : {"MYQ=", "MYQ", "MYQ===", "M====", "M=", "cme=====", "cme======="}) {
    EXPECT_THAT(decode_error(text).message, HasSubstr("'='")) << text;
  }
  EXPECT_THAT(decode_error("mYQ==").message, HasSubstr("'=' at position 2 is not a digit"));
}

TEST(Multibase, Base58And64AreCaseSensitive) {
  EXPECT_NE(*multibase_decode("zAb"), *multibase_decode("zaB"));
  EXPECT_NE(*multibase_decode("mQUJD"), *multibase_decode("mqujd"));
  EXPECT_EQ(*multibase_decode("bMZXW6"), *multibase_decode("bmzxw6"));
}

TEST(Multibase, LimitsTextWhoseCostIsTheSquareOfItsLength) {
  EXPECT_TRUE(multibase_decode("z" + std::string(kPositionalDigitsMax, '2')).ok());
  EXPECT_EQ(decode_error("z" + std::string(kPositionalDigitsMax + 1, '2')).code,
            ErrorCode::kLimitExceeded);
  EXPECT_TRUE(multibase_decode("m" + std::string(1 << 20, 'A')).ok());
}

}  // namespace
}  // namespace timerose
