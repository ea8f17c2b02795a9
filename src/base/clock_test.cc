#include "base/clock.h"

#include <gtest/gtest.h>

namespace timerose {
namespace {

TEST(SystemClock, CountsNanosecondsSince1970) {
  SystemClock clock;
  constexpr uint64_t kSecond = 1'000'000'000;
  EXPECT_GT(clock.unix_ns(), 1'700'000'000 * kSecond);  // 2023
  EXPECT_LT(clock.unix_ns(), 4'102'444'800 * kSecond);  // 2100
}

TEST(SystemClock, NeverGoesBack) {
  SystemClock clock;
  uint64_t last = clock.monotonic_ns();
  for (int i = 0; i < 1000; ++i) {
    const uint64_t now = clock.monotonic_ns();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(ManualClock, MovesOnlyWhenMoved) {
  ManualClock clock(5);
  EXPECT_EQ(clock.unix_ns(), 5U);
  EXPECT_EQ(clock.monotonic_ns(), 5U);
  clock.advance_ns(10);
  EXPECT_EQ(clock.unix_ns(), 15U);
  EXPECT_EQ(clock.monotonic_ns(), 15U);
}

}  // namespace
}  // namespace timerose
