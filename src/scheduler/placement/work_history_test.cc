#include "scheduler/placement/work_history.h"

#include <gtest/gtest.h>

namespace timerose::scheduler {
namespace {

TEST(WorkHistory, LearnsByFunctionAndSize) {
  WorkHistory work(1, 64);
  const ContentKey function{1, 2};
  EXPECT_EQ(work.expected_fuel(function, 1000), WorkHistory::kUnknownFuel);
  for (int i = 0; i < 100; ++i) work.observe(function, 1 << 20, 5000);
  EXPECT_NEAR(work.expected_fuel(function, 1 << 20), 5000, 1);
  EXPECT_NEAR(work.expected_fuel(function, 1 << 22), 20'000, 10);
  EXPECT_NEAR(work.expected_fuel(function, 1 << 18), 5000, 1);
  for (int i = 0; i < 100; ++i) work.observe(function, 1 << 20, 9000);
  EXPECT_NEAR(work.expected_fuel(function, 1 << 20), 9000, 100);
}

}  // namespace
}  // namespace timerose::scheduler
