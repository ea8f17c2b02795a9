#include "http/accept.h"

#include <gmock/gmock.h>

namespace timerose::http {
namespace {

std::vector<std::string> types(std::string_view header) {
  std::vector<std::string> types;
  for (const MediaRange& range : parse_accept(header)) types.push_back(range.type);
  return types;
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Accept, OrdersByQualityAndKeepsTheOrderOfEquals) {
  EXPECT_THAT(types("a/b;q=0.5, c/d, e/f;q=0.501, g/h"), ElementsAre("c/d", "g/h", "e/f", "a/b"));
}

TEST(Accept, LeavesOutWhatIsRefused) {
  EXPECT_THAT(types("a/b;q=0, c/d;q=0.000, e/f;q=0.001"), ElementsAre("e/f"));
}

TEST(Accept, ReadsParametersInAnyCaseAndQuoted) {
  const auto ranges =
      parse_accept("Application/VND.ipld.car ; Version=1;order=\"dfs\"; dups=\"y\\\"\";q=0.9");
  ASSERT_EQ(ranges.size(), 1);
  EXPECT_EQ(ranges[0].type, "application/vnd.ipld.car");
  EXPECT_EQ(ranges[0].parameter("version"), "1");
  EXPECT_EQ(ranges[0].parameter("order"), "dfs");
  EXPECT_EQ(ranges[0].parameter("dups"), "y\"");
  EXPECT_EQ(ranges[0].parameter("q"), "");
  EXPECT_EQ(ranges[0].quality, 900);
}

TEST(Accept, DoesNotSplitInsideQuotes) {
  EXPECT_THAT(types("a/b;x=\"1,2;3\", c/d"), ElementsAre("a/b", "c/d"));
}

TEST(Accept, PassesOverWhatIsNoMediaRange) {
  EXPECT_THAT(types(""), IsEmpty());
  EXPECT_THAT(types(" , ;;, nonsense, a/b"), ElementsAre("a/b"));
  for (const char* quality : {"2", "1.001", "x", "", "0.1234", "-1", "0,5"}) {
    EXPECT_THAT(types(std::string("a/b;q=") + quality), IsEmpty()) << quality;
  }
}

TEST(Accept, ReadsNoMoreRangesThanItsLimit) {
  std::string header;
  for (size_t i = 0; i < kMediaRangesMax; ++i) header += "a/b,";
  EXPECT_EQ(parse_accept(header + "c/d").size(), kMediaRangesMax);
}

}  // namespace
}  // namespace timerose::http
