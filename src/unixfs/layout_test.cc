#include "unixfs/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace timerose::unixfs {
namespace {

TEST(Layout, ProfilesHaveTheChoicesOfTheirSpecifications) {
  const Layout modern = profile_named("unixfs-v1-2025").value();
  EXPECT_EQ(modern, Layout());
  EXPECT_EQ(modern.chunk_bytes, 1048576U);
  EXPECT_EQ(modern.links_max, 1024U);
  EXPECT_TRUE(modern.raw_leaves);

  const Layout old = profile_named("unixfs-v0-2015").value();
  EXPECT_EQ(old.cid_version, 0);
  EXPECT_EQ(old.chunk_bytes, 262144U);
  EXPECT_EQ(old.links_max, 174U);
  EXPECT_FALSE(old.raw_leaves);
  EXPECT_EQ(old.directory_size, Layout::DirectorySize::kLinks);

  Layout fan = old;
  fan.cid_version = 1;
  EXPECT_EQ(profile_named("fan-2021").value(), fan);
}

TEST(Layout, UnknownProfileListsTheNames) {
  const auto found = profile_named("unixfs-v2");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(found.error().message, testing::HasSubstr("unixfs-v0-2015"));
}

TEST(Layout, LimitsAreCheckedAtTheirEdges) {
  const auto valid = [](auto change) {
    Layout layout;
    change(layout);
    return validate(layout).ok();
  };
  EXPECT_TRUE(valid([](Layout& l) { l.chunk_bytes = 1; }));
  EXPECT_FALSE(valid([](Layout& l) { l.chunk_bytes = 0; }));
  EXPECT_TRUE(valid([](Layout& l) { l.chunk_bytes = kChunkBytesMax; }));
  EXPECT_FALSE(valid([](Layout& l) { l.chunk_bytes = kChunkBytesMax + 1; }));
  EXPECT_TRUE(valid([](Layout& l) { l.links_max = 2; }));
  EXPECT_FALSE(valid([](Layout& l) { l.links_max = 1; }));
  EXPECT_TRUE(valid([](Layout& l) { l.links_max = kLinksMax; }));
  EXPECT_FALSE(valid([](Layout& l) { l.links_max = kLinksMax + 1; }));
  EXPECT_TRUE(valid([](Layout& l) { l.hamt_width = 8; }));
  EXPECT_FALSE(valid([](Layout& l) { l.hamt_width = 4; }));
  EXPECT_FALSE(valid([](Layout& l) { l.hamt_width = 24; }));
  EXPECT_FALSE(valid([](Layout& l) { l.hamt_width = 2048; }));
  EXPECT_FALSE(valid([](Layout& l) { l.cid_version = 2; }));
  EXPECT_FALSE(valid([](Layout& l) { l.hash = HashCode::kIdentity; }));
  EXPECT_TRUE(valid([](Layout& l) { l.cid_version = 0; }));
  EXPECT_FALSE(valid([](Layout& l) {
    l.cid_version = 0;
    l.hash = HashCode::kSha2_512;
  }));
}

}  // namespace
}  // namespace timerose::unixfs
