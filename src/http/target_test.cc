#include "http/target.h"

#include <gmock/gmock.h>

namespace timerose::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(Target, IsSplitIntoSegmentsAndParameters) {
  const auto target = parse_target("/ipfs/bafy/a%20b//c?format=car&x=1%262&flag");
  ASSERT_TRUE(target.ok());
  EXPECT_THAT(target->segments, ElementsAre("ipfs", "bafy", "a b", "c"));
  EXPECT_THAT(target->parameters,
              ElementsAre(Pair("format", "car"), Pair("x", "1&2"), Pair("flag", "")));
  EXPECT_EQ(target->query, "format=car&x=1%262&flag");
}

TEST(Target, MayBeInAbsoluteForm) {
  const auto target = parse_target("http://example.com:80/ipfs/x?y=z");
  ASSERT_TRUE(target.ok());
  EXPECT_THAT(target->segments, ElementsAre("ipfs", "x"));
  EXPECT_TRUE(parse_target("https://example.com")->segments.empty());
}

TEST(Target, GivesTheFirstOfSeveralParameters) {
  const auto target = parse_target("/?a=1&a=2");
  EXPECT_EQ(target->parameter("a"), "1");
  EXPECT_EQ(target->parameter("b"), std::nullopt);
}

TEST(Target, ReadsAPlusInTheQueryOnlyAsASpace) {
  const auto target = parse_target("/a+b?c+d=e+f");
  EXPECT_THAT(target->segments, ElementsAre("a+b"));
  EXPECT_THAT(target->parameters, ElementsAre(Pair("c d", "e f")));
}

TEST(Target, KeepsAnEncodedSlashInsideItsSegment) {
  EXPECT_THAT(parse_target("/a%2Fb/c")->segments, ElementsAre("a/b", "c"));
}

TEST(Target, RefusesDotSegmentsHoweverWritten) {
  for (const char* text : {"/ipfs/../etc", "/ipfs/%2e%2E/x", "/./x", "/a/."}) {
    const auto target = parse_target(text);
    ASSERT_FALSE(target.ok()) << text;
    EXPECT_EQ(target.error().code, ErrorCode::kMalformed);
  }
}

TEST(Target, RefusesBadEscapes) {
  for (const char* text : {"/%", "/%4", "/%zz", "/?a=%", "/a%2"}) {
    EXPECT_FALSE(parse_target(text).ok()) << text;
  }
}

TEST(Target, RefusesWhatIsNeitherForm) {
  for (const char* text : {"", "ipfs/x", "*", "ftp://host/x"}) {
    EXPECT_FALSE(parse_target(text).ok()) << text;
  }
}

TEST(Target, HoldsItsLimits) {
  std::string path;
  for (size_t i = 0; i < kSegmentsMax; ++i) path += "/a";
  EXPECT_TRUE(parse_target(path).ok());
  EXPECT_EQ(parse_target(path + "/a").error().code, ErrorCode::kLimitExceeded);
  std::string query = "/?a";
  for (size_t i = 1; i < kParametersMax; ++i) query += "&a";
  EXPECT_TRUE(parse_target(query).ok());
  EXPECT_EQ(parse_target(query + "&a").error().code, ErrorCode::kLimitExceeded);
}

TEST(Target, FormatsAPathThatReadsBack) {
  const std::vector<std::string> segments = {"a b", "c/d", "\xc3\xa4\x01", "%41", "x?y#z"};
  const std::string path = format_path(segments);
  EXPECT_EQ(path, "/a%20b/c%2Fd/%C3%A4%01/%2541/x%3Fy%23z");
  EXPECT_EQ(parse_target(path)->segments, segments);
}

TEST(Target, ShowsWhatWasFoundWithoutControlBytes) {
  EXPECT_THAT(parse_target("\r\nx").error().message, HasSubstr("%0D%0Ax"));
}

}  // namespace
}  // namespace timerose::http
