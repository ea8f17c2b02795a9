#include "base/units.h"

#include <gtest/gtest.h>

namespace timerose {
namespace {

TEST(Units, ReadsSizesInPowersOfTenAndOfTwo) {
  EXPECT_EQ(parse_bytes("0").value(), 0U);
  EXPECT_EQ(parse_bytes("17").value(), 17U);
  EXPECT_EQ(parse_bytes("17B").value(), 17U);
  EXPECT_EQ(parse_bytes("2kB").value(), 2000U);
  EXPECT_EQ(parse_bytes("2KiB").value(), 2048U);
  EXPECT_EQ(parse_bytes("256MiB").value(), 256U << 20);
  EXPECT_EQ(parse_bytes("10 GB").value(), 10'000'000'000U);
}

TEST(Units, RefusesWhatIsNoSizeAndSaysWhatItFound) {
  for (const char* text : {"", "-1", "1.5GB", "MiB", "1 M", "1XB", "18446744073709551615KiB"}) {
    const auto parsed = parse_bytes(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(parsed.error().message.find(std::string("'") + text + "'"), std::string::npos);
  }
}

TEST(Units, ReadsSpansOfTime) {
  EXPECT_EQ(parse_duration_ms("500ms").value(), 500U);
  EXPECT_EQ(parse_duration_ms("10").value(), 10'000U);
  EXPECT_EQ(parse_duration_ms("10s").value(), 10'000U);
  EXPECT_EQ(parse_duration_ms("2m").value(), 120'000U);
  EXPECT_EQ(parse_duration_ms("7d").value(), 604'800'000U);
  EXPECT_FALSE(parse_duration_ms("1w").ok());
}

TEST(Units, CountsTakeNoUnit) {
  EXPECT_EQ(parse_count("18446744073709551615").value(), UINT64_MAX);
  EXPECT_FALSE(parse_count("18446744073709551616").ok());
  EXPECT_FALSE(parse_count("5k").ok());
}

TEST(Units, WritesSizesForPeople) {
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(UINT64_MAX), "16.0 EiB");
}

}  // namespace
}  // namespace timerose
