#include "scheduler/bounded_table.h"

#include <gtest/gtest.h>

namespace timerose::scheduler {
namespace {

TEST(BoundedTable, TheLongestUnusedGivesWay) {
  BoundedTable<int> table(64, 12345);
  for (uint64_t i = 0; i < 10'000; ++i) {
    table.put({i, i * 7919}) = static_cast<int>(i);
    table.put({1, 1}) = -1;
  }
  EXPECT_LE(table.size(), 64U);
  ASSERT_NE(table.find({1, 1}), nullptr);
  EXPECT_EQ(*table.find({1, 1}), -1);
  EXPECT_EQ(*table.find({9999, uint64_t{9999} * 7919}), 9999);
  EXPECT_EQ(table.find({2, uint64_t{9999} * 7919}), nullptr);
}

}  // namespace
}  // namespace timerose::scheduler
