#include "names/rfc3339.h"

#include <gtest/gtest.h>

namespace timerose::names {
namespace {

constexpr uint64_t kNoon = 1'795'262'400'000'000'000;  // 2026-11-21T12:00:00Z

TEST(Rfc3339, WritesNineDigitsOfNanoseconds) {
  EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(format_rfc3339(kNoon + 1), "2026-11-21T12:00:00.000000001Z");
  EXPECT_EQ(format_rfc3339(UINT64_MAX), "2554-07-21T23:34:33.709551615Z");
}

TEST(Rfc3339, ReadsWhatItWrites) {
  for (const uint64_t moment : {uint64_t{0}, uint64_t{1}, kNoon, kNoon + 123'456'789,
                                uint64_t{951'782'400'000'000'000}, UINT64_MAX}) {
    const auto parsed = parse_rfc3339(format_rfc3339(moment));
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(*parsed, moment);
  }
}

TEST(Rfc3339, ReadsAnyOffsetAndAnyNumberOfFractionDigits) {
  for (const char* text :
       {"2026-11-21T12:00:00Z", "2026-11-21T14:30:00+02:30", "2026-11-21T04:00:00-08:00",
        "2026-11-22T00:00:00.0+12:00", "2026-11-21T12:00:00.0000000009Z"}) {
    const auto parsed = parse_rfc3339(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, kNoon) << text;
  }
  EXPECT_EQ(*parse_rfc3339("2026-11-21T12:00:00.5Z"), kNoon + 500'000'000);
}

TEST(Rfc3339, HoldsMomentsOutsideOfItsRangeAtTheEnds) {
  EXPECT_EQ(*parse_rfc3339("1969-12-31T23:59:59Z"), 0U);
  EXPECT_EQ(*parse_rfc3339("0000-01-01T00:00:00Z"), 0U);
  EXPECT_EQ(*parse_rfc3339("2554-07-21T23:34:33.709551616Z"), UINT64_MAX);
  EXPECT_EQ(*parse_rfc3339("9999-12-31T23:59:59Z"), UINT64_MAX);
}

TEST(Rfc3339, RefusesWhatIsNoMoment) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-21",
                           "2026-11-21T12:00:00",
                           "2026-11-21 12:00:00Z",
                           "2026-11-21t12:00:00Z",
                           "2026-13-21T12:00:00Z",
                           "2026-02-29T12:00:00Z",
                           "2026-11-31T12:00:00Z",
                           "2026-00-01T12:00:00Z",
                           "2026-11-00T12:00:00Z",
                           "2026-11-21T24:00:00Z",
                           "2026-11-21T12:60:00Z",
                           "2026-11-21T12:00:60Z",
                           "2026-11-21T12:00:00.Z",
                           "2026-11-21T12:00:00Z ",
                           "2026-11-21T12:00:00+0230",
                           "2026-11-21T12:00:00+24:00",
                           "2026-11-21T12:00:00+02:60",
                           "+026-11-21T12:00:00Z",
                           "2026-11-21T-1:00:00Z"}) {
    const auto parsed = parse_rfc3339(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kMalformed);
  }
}

}  // namespace
}  // namespace timerose::names
