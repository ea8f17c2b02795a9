#include "cli/program/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace timerose::cli {
namespace {

TEST(Suggest, CountsInsertionsRemovalsChangesAndSwaps) {
  EXPECT_EQ(edit_distance("add", "add"), 0U);
  EXPECT_EQ(edit_distance("", "add"), 3U);
  EXPECT_EQ(edit_distance("ad", "add"), 1U);
  EXPECT_EQ(edit_distance("dad", "add"), 1U);
  EXPECT_EQ(edit_distance("pni", "pin"), 1U);
}

TEST(Suggest, GivesTheNearestName) {
  const std::vector<std::string> names{"add", "block", "cat", "deploy", "pin", "receipt"};
  EXPECT_EQ(nearest("blcok", names), "block");
  EXPECT_EQ(nearest("reciept", names), "receipt");
  EXPECT_EQ(nearest("ad", names), "add");
}

TEST(Suggest, GivesNothingForAWordThatIsFarFromAll) {
  const std::vector<std::string> names{"add", "cat"};
  EXPECT_EQ(nearest("frobnicate", names), std::nullopt);
  EXPECT_EQ(nearest("zz", names), std::nullopt);
  EXPECT_EQ(nearest("", names), std::nullopt);
}

}  // namespace
}  // namespace timerose::cli
