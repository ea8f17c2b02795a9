#include <gmock/gmock.h>

#include "wasm/wasi/test_guest.h"

namespace timerose::wasi {
namespace {

using ::testing::ElementsAre;

TEST(Mounts, AreFoundAtTheirPathsAndInsideEachOther) {
  TestGuest guest;
  const auto file = guest.add_file("x");
  const auto inner = guest.add_directory({{"deep", guest.add_file("inner")}});
  const auto outer = guest.add_directory({{"own", guest.add_file("outer")}, {"sub", inner}});
  guest.world.mounts.emplace("/", outer.cid);
  guest.world.mounts.emplace("/sub/here", file.cid);
  guest.world.mounts.emplace("/a/b/c", inner.cid);
  guest.world.inputs = {guest.add_file("first").cid, inner.cid};
  EXPECT_EQ(guest.content("own"), "outer");
  EXPECT_EQ(guest.content("sub/deep"), "inner");
  EXPECT_EQ(guest.content("sub/here"), "x");
  EXPECT_EQ(guest.content("a/b/c/deep"), "inner");
  EXPECT_EQ(guest.content("in/0"), "first");
  EXPECT_EQ(guest.content("in/1/deep"), "inner");
  EXPECT_THAT(guest.names("."), ElementsAre(".", "..", "a", "in", "out", "own", "sub", "tmp"));
  EXPECT_THAT(guest.names("sub"), ElementsAre(".", "..", "deep", "here"));
}

TEST(Mounts, LeaveOutEmptyWhateverTheRootHasThere) {
  TestGuest guest;
  const auto full = guest.add_directory({{"old", guest.add_file("x")}});
  guest.world.mounts.emplace("/", guest.add_directory({{"out", full}, {"tmp", full}}).cid);
  EXPECT_THAT(guest.names("out"), ElementsAre(".", ".."));
  EXPECT_THAT(guest.names("tmp"), ElementsAre(".", "..", "old"));
}

TEST(Mounts, AreReadOnlyWhereTheGuestLooks) {
  TestGuest guest;
  const auto gone = guest.add_file("gone");
  const auto there = guest.add_file("there");
  guest.world.mounts.emplace("/m", guest.add_directory({{"a", gone}, {"b", there}}).cid);
  guest.world.mounts.emplace("/n", gone.cid);
  ASSERT_TRUE(guest.store.remove(gone.cid).ok());
  EXPECT_EQ(guest.content("m/b"), "there");
}

TEST(Lookup, FindsOneOfManyInAShardedDirectoryWithFewBlocks) {
  TestGuest guest;
  guest.layout.directory_bytes_max = 1000;
  const auto file = guest.add_file("x");
  std::map<std::string, unixfs::Imported> entries;
  for (int i = 0; i < 5000; ++i) entries.emplace("entry" + std::to_string(i), file);
  guest.world.mounts.emplace("/m", guest.add_directory(entries).cid);
  EXPECT_EQ(guest.content("m/entry4321"), "x");
  EXPECT_EQ(guest.stat_errno("m/entry5000"), Errno::kNoent);
  EXPECT_EQ(guest.list(guest.open("m"), 0, 200'000).size(), 5002U);
}

TEST(Lookup, NeverLeavesTheDirectoryItStartsAt) {
  TestGuest guest;
  EXPECT_EQ(guest.open_errno("/tmp"), Errno::kPerm);
  EXPECT_EQ(guest.open_errno(".."), Errno::kPerm);
  EXPECT_EQ(guest.open_errno("tmp/../../tmp"), Errno::kPerm);
  EXPECT_EQ(guest.open_errno("tmp/.././/tmp/."), Errno::kSuccess);
  const Fd tmp = guest.open("tmp");
  EXPECT_EQ(guest.open_errno("..", 0, 0, 0, tmp), Errno::kPerm);
  EXPECT_EQ(guest.on_two_paths("path_symlink", "../out", "tmp/escape"), Errno::kSuccess);
  EXPECT_EQ(guest.open_errno("escape", 0, 0, 0, tmp), Errno::kPerm);
  EXPECT_EQ(guest.open_errno("tmp/escape"), Errno::kSuccess);
}

TEST(Lookup, RefusesPathsThatAreNone) {
  TestGuest guest;
  guest.make_file("tmp/f", "");
  EXPECT_EQ(guest.open_errno(""), Errno::kNoent);
  EXPECT_EQ(guest.open_errno("tmp/missing"), Errno::kNoent);
  EXPECT_EQ(guest.open_errno("missing/f"), Errno::kNoent);
  EXPECT_EQ(guest.open_errno("tmp/f/g"), Errno::kNotdir);
  EXPECT_EQ(guest.open_errno("tmp/f/"), Errno::kNotdir);
  EXPECT_EQ(guest.open_errno(std::string_view("tmp/f\0", 6)), Errno::kInval);
  EXPECT_EQ(guest.open_errno(std::string(4097, '/')), Errno::kNametoolong);
  EXPECT_EQ(guest.open_errno("tmp/" + std::string(256, 'n'), kOpenCreate), Errno::kNametoolong);
  EXPECT_EQ(guest.open_errno("tmp/" + std::string(255, 'n'), kOpenCreate), Errno::kSuccess);
}

TEST(Lookup, TakesNamesOfAnyBytes) {
  TestGuest guest;
  std::string name = "tmp/";
  for (int c = 1; c < 256; ++c) {
    if (c != '/') name += static_cast<char>(c);
  }
  guest.make_file(name, "x");
  EXPECT_EQ(guest.content(name), "x");
}

TEST(Symlinks, AreFollowedButNotForEver) {
  TestGuest guest;
  guest.make_file("tmp/f", "text");
  EXPECT_EQ(guest.on_two_paths("path_symlink", "f", "tmp/l0"), Errno::kSuccess);
  for (int i = 1; i < 42; ++i) {
    guest.on_two_paths("path_symlink", "l" + std::to_string(i - 1), "tmp/l" + std::to_string(i));
  }
  EXPECT_EQ(guest.content("tmp/l39"), "text");
  EXPECT_EQ(guest.open_errno("tmp/l40"), Errno::kLoop);
  guest.on_two_paths("path_symlink", "self", "tmp/self");
  EXPECT_EQ(guest.open_errno("tmp/self"), Errno::kLoop);
  EXPECT_EQ(guest.open_errno("tmp/self/x"), Errno::kLoop);
  EXPECT_EQ(guest.open_errno("tmp/l0", 0, 0, 0, TestGuest::kRoot, false), Errno::kLoop);
}

TEST(Symlinks, OfAMountMayBeAbsoluteWhereTheWalkStartsAtTheRoot) {
  TestGuest guest;
  const auto etc = guest.add_directory({{"f", guest.add_file("text")}});
  guest.world.mounts.emplace(
      "/", guest.add_directory({{"etc", etc}, {"link", guest.add_symlink("/etc/f")}}).cid);
  EXPECT_EQ(guest.content("link"), "text");
  const Fd etc_fd = guest.open("etc");
  EXPECT_EQ(guest.on_two_paths("path_symlink", "../link", "etc/up"), Errno::kSuccess);
  EXPECT_EQ(guest.content("etc/up"), "text");
  EXPECT_EQ(guest.open_errno("up", 0, 0, 0, etc_fd), Errno::kPerm);
}

TEST(PathOpen, CreatesWhatIsNotThereIfAsked) {
  TestGuest guest;
  EXPECT_EQ(guest.open_errno("tmp/f"), Errno::kNoent);
  EXPECT_EQ(guest.open_errno("tmp/f", kOpenCreate), Errno::kSuccess);
  EXPECT_EQ(guest.open_errno("tmp/f", kOpenCreate), Errno::kSuccess);
  EXPECT_EQ(guest.open_errno("tmp/f", kOpenCreate | kOpenExclusive), Errno::kExist);
  EXPECT_EQ(guest.open_errno("tmp/g/", kOpenCreate), Errno::kIsdir);
  EXPECT_EQ(guest.open_errno("tmp", kOpenCreate), Errno::kIsdir);
  EXPECT_EQ(guest.open_errno("tmp/d", kOpenCreate | kOpenDirectory), Errno::kInval);
  guest.on_two_paths("path_symlink", "target", "tmp/dangling");
  EXPECT_EQ(guest.open_errno("tmp/dangling", kOpenCreate | kOpenExclusive), Errno::kExist);
  EXPECT_EQ(guest.open_errno("tmp/dangling", kOpenCreate), Errno::kSuccess);
  EXPECT_EQ(guest.stat_errno("tmp/target"), Errno::kSuccess);
}

TEST(PathOpen, TruncatesAFile) {
  TestGuest guest;
  guest.world.inputs = {guest.add_file("text").cid};
  guest.open("in/0", kOpenTruncate, rights::kAll);
  EXPECT_EQ(guest.stat("in/0").size, 0U);
  EXPECT_EQ(guest.open_errno("tmp", kOpenTruncate), Errno::kIsdir);
}

TEST(PathOpen, TellsFilesFromDirectories) {
  TestGuest guest;
  guest.make_file("tmp/f", "");
  EXPECT_EQ(guest.open_errno("tmp/f", kOpenDirectory), Errno::kNotdir);
  EXPECT_EQ(guest.open_errno("tmp", kOpenDirectory, rights::kFdRead), Errno::kSuccess);
  EXPECT_EQ(guest.open_errno("tmp", 0, rights::kFdRead | rights::kFdWrite), Errno::kIsdir);
  EXPECT_EQ(guest.open_errno("x", 0, 0, 0, guest.open("tmp/f")), Errno::kNotdir);
  EXPECT_EQ(guest.open_errno("x", 0, 0, 0, 1), Errno::kNotdir);
  EXPECT_EQ(guest.open_errno("x", 0, 0, 0, 99), Errno::kBadf);
}

TEST(PathOpen, NeedsTheRightsOfWhatItDoes) {
  TestGuest guest;
  guest.make_file("tmp/f", "");
  const Fd tmp = guest.open("tmp", kOpenDirectory, rights::kPathOpen);
  EXPECT_EQ(guest.open_errno("f", 0, 0, 0, tmp), Errno::kSuccess);
  EXPECT_EQ(guest.open_errno("f", kOpenCreate, 0, 0, tmp), Errno::kNotcapable);
  EXPECT_EQ(guest.open_errno("f", kOpenTruncate, 0, 0, tmp), Errno::kNotcapable);
  const Fd none = guest.open("tmp", kOpenDirectory, 0);
  EXPECT_EQ(guest.open_errno("f", 0, 0, 0, none), Errno::kNotcapable);
}

TEST(PathOpen, RefusesUnknownFlags) {
  TestGuest guest;
  EXPECT_EQ(guest.open_errno("tmp", 16), Errno::kInval);
  EXPECT_EQ(guest.open_errno("tmp", 0, 0, 32), Errno::kInval);
  const uint64_t path = guest.put("tmp");
  EXPECT_EQ(guest.call("path_open", {3, 2, path, 3, 0, 0, 0, 0, 512}), Errno::kInval);
}

TEST(PathFilestat, FollowsASymlinkOnlyIfAsked) {
  TestGuest guest;
  guest.make_file("tmp/f", "12345");
  guest.on_two_paths("path_symlink", "f", "tmp/link");
  EXPECT_EQ(guest.stat("tmp/link", true).size, 5U);
  EXPECT_EQ(guest.stat("tmp/link", false).filetype, Filetype::kSymbolicLink);
  EXPECT_EQ(guest.stat("tmp/link", false).size, 1U);
  EXPECT_EQ(guest.stat_errno("tmp/none"), Errno::kNoent);
  EXPECT_EQ(guest.stat("tmp").filetype, Filetype::kDirectory);
}

TEST(PathFilestat, SetsTimesOfALinkOrWhatItPointsTo) {
  TestGuest guest;
  guest.make_file("tmp/f", "");
  guest.on_two_paths("path_symlink", "f", "tmp/link");
  const uint64_t path = guest.put("tmp/link");
  EXPECT_EQ(guest.call("path_filestat_set_times", {3, 0, path, 8, 0, 7, kSetModify}),
            Errno::kSuccess);
  EXPECT_EQ(guest.call("path_filestat_set_times", {3, 1, path, 8, 0, 9, kSetModify}),
            Errno::kSuccess);
  EXPECT_EQ(guest.stat("tmp/link", false).modify_ns, 7U);
  EXPECT_EQ(guest.stat("tmp/f").modify_ns, 9U);
  EXPECT_EQ(guest.call("path_filestat_set_times", {3, 0, path, 8, 0, 0, 12}), Errno::kInval);
  EXPECT_EQ(guest.call("path_filestat_set_times", {3, 2, path, 8, 0, 0, 0}), Errno::kInval);
  EXPECT_EQ(guest.call("path_filestat_set_times", {0, 0, path, 8, 0, 0, 0}), Errno::kNotdir);
}

TEST(PathReadlink, GivesTheTargetOrItsBeginning) {
  TestGuest guest;
  guest.on_two_paths("path_symlink", "the/target", "tmp/link");
  const uint64_t path = guest.put("tmp/link");
  ASSERT_EQ(guest.call("path_readlink", {3, path, 8, 600, 100, 512}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<uint32_t>(512), 10U);
  EXPECT_EQ(guest.text_at(600, 10), "the/target");
  ASSERT_EQ(guest.call("path_readlink", {3, path, 8, 700, 3, 512}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<uint32_t>(512), 3U);
  EXPECT_EQ(guest.text_at(700, 4), std::string("the\0", 4));
  const uint64_t tmp = guest.put("tmp");
  EXPECT_EQ(guest.call("path_readlink", {3, tmp, 3, 600, 100, 512}), Errno::kInval);
  EXPECT_EQ(guest.call("path_readlink", {1, tmp, 3, 600, 100, 512}), Errno::kNotdir);
}

}  // namespace
}  // namespace timerose::wasi
