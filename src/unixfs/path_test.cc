#include "unixfs/path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace timerose::unixfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kCid = "bafkreifw7plhl6mofk6sfvhnfh64qmkq73oeqwl6sloru6rehaoujituke";

std::string round_trip(std::string_view text) {
  const auto path = Path::parse(text);
  return path.ok() ? path->to_string() : path.error().message;
}

void expect_refused(const std::string& text, const char* why) {
  const auto path = Path::parse(text);
  ASSERT_FALSE(path.ok()) << text;
  EXPECT_EQ(path.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(path.error().message, HasSubstr(why));
}

TEST(Path, ReadsEveryWayOfWritingIt) {
  const std::string canon = "/ipfs/" + kCid + "/a/b c";
  EXPECT_EQ(round_trip(canon), canon);
  EXPECT_EQ(round_trip(kCid + "/a/b c"), canon);
  EXPECT_EQ(round_trip("/ipld/" + kCid + "/a/b c"), canon);
  EXPECT_EQ(round_trip("ipfs://" + kCid + "/a/b%20c"), canon);
  EXPECT_EQ(round_trip(kCid), "/ipfs/" + kCid);
}

TEST(Path, LeavesOutEmptySegmentsAndDots) {
  EXPECT_EQ(round_trip(kCid + "//a/./b/../c/"), "/ipfs/" + kCid + "/a/c");
  EXPECT_EQ(round_trip("ipfs://" + kCid + "/a/%2e%2E/b"), "/ipfs/" + kCid + "/b");
}

TEST(Path, DecodesEscapesOnlyInUrls) {
  EXPECT_THAT(Path::parse(kCid + "/a%20b")->segments, ElementsAre("a%20b"));
  EXPECT_THAT(Path::parse("ipfs://" + kCid + "/a%20b/%ff?x=1#y")->segments,
              ElementsAre("a b", "\xff"));
  EXPECT_THAT(Path::parse(kCid + "/a?b#c")->segments, ElementsAre("a?b#c"));
}

TEST(Path, WritesASegmentWithASlashAsAUrl) {
  const std::string url = "ipfs://" + kCid + "/a%2Fb/%C3%A9";
  EXPECT_THAT(Path::parse(url)->segments, ElementsAre("a/b", "\xc3\xa9"));
  EXPECT_EQ(round_trip(url), url);
}

TEST(Path, RefusesWhatIsNoPath) {
  expect_refused("", "expected CID");
  expect_refused("/" + kCid, "expected CID");
  expect_refused("book.txt", "expected CID");
  expect_refused("/ipns/example.org", "resolve the name first");
  expect_refused(kCid + "/a/../..", "above the CID");
  expect_refused("ipfs://" + kCid + "/%2", "hexadecimal");
  expect_refused("ipfs://" + kCid + "/%zz", "hexadecimal");
}

}  // namespace
}  // namespace timerose::unixfs
