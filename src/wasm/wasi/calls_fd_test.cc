#include <gmock/gmock.h>

#include "wasm/wasi/clocks.h"
#include "wasm/wasi/test_guest.h"

namespace timerose::wasi {
namespace {

using ::testing::ElementsAre;

TEST(Descriptors, TakeTheLowestFreeNumber) {
  TestGuest guest;
  EXPECT_EQ(guest.create("tmp/a"), 4U);
  EXPECT_EQ(guest.create("tmp/b"), 5U);
  EXPECT_EQ(guest.call("fd_close", {4}), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_close", {0}), Errno::kSuccess);
  EXPECT_EQ(guest.create("tmp/c"), 0U);
  EXPECT_EQ(guest.create("tmp/d"), 4U);
  EXPECT_EQ(guest.create("tmp/e"), 6U);
}

TEST(Descriptors, AreAtMostSoMany) {
  TestGuest guest;
  guest.limits.open_files_max = 5;
  guest.create("tmp/a");
  EXPECT_EQ(guest.open_errno("tmp/b", kOpenCreate), Errno::kMfile);
  EXPECT_EQ(guest.stat_errno("tmp/b"), Errno::kNoent);  // not even made
  EXPECT_EQ(guest.call("fd_close", {4}), Errno::kSuccess);
  EXPECT_EQ(guest.create("tmp/b"), 4U);
}

TEST(FdClose, ClosesOnce) {
  TestGuest guest;
  EXPECT_EQ(guest.call("fd_close", {1}), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_close", {1}), Errno::kBadf);
  EXPECT_EQ(guest.write_errno(1, "x"), Errno::kBadf);
}

TEST(FdRenumber, MovesADescriptorOntoAnother) {
  TestGuest guest;
  guest.make_file("tmp/f", "text");
  const Fd fd = guest.open("tmp/f");
  EXPECT_EQ(guest.call("fd_renumber", {fd, 1}), Errno::kSuccess);
  EXPECT_EQ(guest.read(1), "text");
  EXPECT_EQ(guest.read_errno(fd, 1), Errno::kBadf);
  EXPECT_EQ(guest.call("fd_renumber", {1, 1}), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_renumber", {1, 99}), Errno::kBadf);
  EXPECT_EQ(guest.call("fd_renumber", {99, 1}), Errno::kBadf);
}

TEST(FdFdstat, TellsTypeFlagsAndRights) {
  TestGuest guest;
  EXPECT_EQ(guest.fdstat(0).filetype, Filetype::kRegularFile);
  EXPECT_EQ(guest.fdstat(1).filetype, Filetype::kUnknown);
  EXPECT_EQ(guest.fdstat(TestGuest::kRoot).filetype, Filetype::kDirectory);
  EXPECT_EQ(guest.fdstat(TestGuest::kRoot).inheriting, rights::kAll);
  const Fd fd = guest.open("tmp/f", kOpenCreate, rights::kFdRead | rights::kPathOpen, kFdAppend);
  EXPECT_EQ(guest.fdstat(fd).flags, kFdAppend);
  EXPECT_EQ(guest.fdstat(fd).base, rights::kFdRead);  // a file has no use for the other
  EXPECT_EQ(guest.call("fd_fdstat_get", {99, 512}), Errno::kBadf);
}

TEST(FdFdstat, TakesOnlyKnownFlags) {
  TestGuest guest;
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {1, 0x1f}), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {1, 0x20}), Errno::kInval);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {99, 0}), Errno::kBadf);
  const Fd fd = guest.open("tmp/f", kOpenCreate, rights::kFdRead);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {fd, 0}), Errno::kNotcapable);
}

TEST(FdFdstat, LetsRightsOnlyBeGivenUp) {
  TestGuest guest;
  const Fd fd = guest.create("tmp/f");
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, rights::kFdWrite, 0}), Errno::kSuccess);
  EXPECT_EQ(guest.read_errno(fd, 1), Errno::kNotcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, rights::kFdRead, 0}), Errno::kNotcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, 0, rights::kFdRead}), Errno::kNotcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {99, 0, 0}), Errno::kBadf);
}

TEST(FdFdstat, WhatIsOpenedInADirectoryHasNoMoreThanItMayPassOn) {
  TestGuest guest;
  ASSERT_EQ(guest.call("fd_fdstat_set_rights",
                       {TestGuest::kRoot, rights::kDirectory, rights::kAll & ~rights::kFdWrite}),
            Errno::kSuccess);
  const Fd fd = guest.create("tmp/f");
  EXPECT_EQ(guest.write_errno(fd, "x"), Errno::kNotcapable);
}

TEST(FdFilestat, TellsOfFilesAndStreams) {
  TestGuest guest;
  guest.world.inputs = {guest.add_file("12345").cid};
  const Filestat stat = guest.stat(guest.open("in/0"));
  EXPECT_EQ(stat.size, 5U);
  EXPECT_EQ(stat.filetype, Filetype::kRegularFile);
  EXPECT_EQ(stat.links, 1U);
  EXPECT_EQ(stat.modify_ns, VirtualClocks::kRealtimeStartNs);
  EXPECT_NE(stat.inode, guest.stat(TestGuest::kRoot).inode);
  EXPECT_NE(guest.stat(1).inode, guest.stat(2).inode);
  EXPECT_EQ(guest.call("fd_filestat_get", {99, 512}), Errno::kBadf);
}

TEST(FdFilestat, StampsAFileWithTheVirtualTimeOfItsChange) {
  TestGuest guest;
  const Fd fd = guest.create("tmp/f");
  EXPECT_EQ(guest.call("clock_time_get", {0, 0, 512}), Errno::kSuccess);
  const uint64_t now = guest.value_at<uint64_t>(512);
  EXPECT_LT(guest.stat(fd).modify_ns, now);
  guest.write(fd, "x");
  EXPECT_EQ(guest.stat(fd).modify_ns, now);
}

TEST(FdFilestat, SetsTheSize) {
  TestGuest guest;
  guest.limits.written_bytes_max = 10;
  const Fd fd = guest.create("tmp/f");
  guest.write(fd, "abcdef");
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 2}), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 4}), Errno::kSuccess);
  EXPECT_EQ(guest.content("tmp/f"), std::string("ab\0\0", 4));
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 11}), Errno::kNospc);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 1ULL << 63}), Errno::kInval);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {TestGuest::kRoot, 0}), Errno::kIsdir);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {0, 0}), Errno::kNotcapable);
}

TEST(FdFilestat, SetsTimes) {
  TestGuest guest;
  const Fd fd = guest.create("tmp/f");
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 11, 22, kSetAccess | kSetModify}),
            Errno::kSuccess);
  EXPECT_EQ(guest.stat(fd).access_ns, 11U);
  EXPECT_EQ(guest.stat(fd).modify_ns, 22U);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 33, 44, kSetModifyNow}), Errno::kSuccess);
  EXPECT_EQ(guest.stat(fd).access_ns, 11U);
  EXPECT_GE(guest.stat(fd).modify_ns, VirtualClocks::kRealtimeStartNs);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, kSetAccess | kSetAccessNow}),
            Errno::kInval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, kSetModify | kSetModifyNow}),
            Errno::kInval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, 16}), Errno::kInval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {1, 0, 0, 0}), Errno::kNotcapable);
}

TEST(FdPrestat, TellsOfTheRootOnly) {
  TestGuest guest;
  ASSERT_EQ(guest.call("fd_prestat_get", {3, 512}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<Prestat>(512).tag, 0U);
  EXPECT_EQ(guest.value_at<Prestat>(512).name_bytes, 1U);
  ASSERT_EQ(guest.call("fd_prestat_dir_name", {3, 600, 1}), Errno::kSuccess);
  EXPECT_EQ(guest.text_at(600, 1), "/");
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {3, 600, 0}), Errno::kNametoolong);
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {3, TestGuest::kMemoryBytes, 1}), Errno::kFault);
  EXPECT_EQ(guest.call("fd_prestat_get", {4, 512}), Errno::kBadf);
  EXPECT_EQ(guest.call("fd_prestat_get", {0, 512}), Errno::kBadf);
  guest.open("tmp");
  EXPECT_EQ(guest.call("fd_prestat_get", {4, 512}), Errno::kBadf);
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {4, 600, 1}), Errno::kBadf);
}

TEST(FdReaddir, ListsNamesByTheirBytes) {
  TestGuest guest;
  for (const char* name : {"tmp/b", "tmp/a", "tmp/\xff", "tmp/B"}) guest.make_file(name, "");
  EXPECT_THAT(guest.names("tmp"), ElementsAre(".", "..", "B", "a", "b", "\xff"));
  EXPECT_THAT(guest.names("."), ElementsAre(".", "..", "out", "tmp"));
}

TEST(FdReaddir, MergesWhatIsMountedWithWhatIsMade) {
  TestGuest guest;
  const auto file = guest.add_file("x");
  guest.world.mounts.emplace("/m",
                             guest.add_directory({{"b", file}, {"d", file}, {"f", file}}).cid);
  guest.make_file("m/a", "");
  guest.make_file("m/c", "");
  EXPECT_EQ(guest.content("m/b"), "x");  // looked up before: still there once
  EXPECT_EQ(guest.on_path("path_unlink_file", "m/d"), Errno::kSuccess);
  EXPECT_EQ(guest.on_two_paths("path_rename", "m/a", "m/f"), Errno::kSuccess);
  EXPECT_THAT(guest.names("m"), ElementsAre(".", "..", "b", "c", "f"));
}

TEST(FdReaddir, AgreesWithFilestatOnInodesAndTypes) {
  TestGuest guest;
  const auto file = guest.add_file("x");
  guest.layout.raw_leaves = false;
  const auto wrapped = guest.add_file("x");
  const auto directory = guest.add_directory({});
  guest.world.mounts.emplace("/m", guest
                                       .add_directory({{"raw", file},
                                                       {"same", file},
                                                       {"wrapped", wrapped},
                                                       {"dir", directory},
                                                       {"link", guest.add_symlink("raw")}})
                                       .cid);
  guest.make_file("m/made", "");
  for (const auto& entry : guest.list(guest.open("m"))) {
    if (entry.name[0] == '.') continue;
    const Filestat stat = guest.stat("m/" + entry.name, false);
    EXPECT_EQ(entry.dirent.inode, stat.inode) << entry.name;
    EXPECT_EQ(entry.dirent.filetype, stat.filetype) << entry.name;
  }
  EXPECT_NE(guest.stat("m/raw").inode, guest.stat("m/same").inode);
  EXPECT_EQ(guest.stat("m/raw").inode, guest.stat("m/link").inode);
}

TEST(FdReaddir, GoesOnFromACookieWithASmallBuffer) {
  TestGuest guest;
  for (int i = 0; i < 20; ++i) guest.make_file("tmp/file" + std::to_string(100 + i), "");
  const Fd fd = guest.open("tmp");
  std::vector<std::string> seen;
  for (uint64_t cookie = 0;;) {
    const auto some = guest.list(fd, cookie, 70);
    if (some.empty()) break;
    for (const auto& entry : some) seen.push_back(entry.name);
    cookie = some.back().dirent.next;
  }
  EXPECT_EQ(seen.size(), 22U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  EXPECT_TRUE(guest.list(fd, 1000).empty());
  EXPECT_TRUE(guest.list(fd, UINT64_MAX).empty());
}

TEST(FdReaddir, FillsTheBufferWithACutEntryWhenThereIsMore) {
  TestGuest guest;
  guest.make_file("tmp/name", "");
  ASSERT_EQ(guest.call("fd_readdir", {guest.open("tmp"), 600, 60, 0, 512}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<uint32_t>(512), 60U);
  ASSERT_EQ(guest.call("fd_readdir", {guest.open("tmp"), 600, 0, 0, 512}), Errno::kSuccess);
  EXPECT_EQ(guest.value_at<uint32_t>(512), 0U);
}

TEST(FdReaddir, MissesNothingWhenEntriesAreRemovedOnTheWay) {
  TestGuest guest;
  for (int i = 0; i < 9; ++i) guest.make_file("tmp/" + std::to_string(i), "");
  const Fd fd = guest.open("tmp");
  uint64_t cookie = 2;
  guest.list(fd, 0, 100);
  for (int i = 0; i < 9; ++i) {
    const auto next = guest.list(fd, cookie, 25);
    ASSERT_EQ(next.size(), 1U);
    EXPECT_EQ(next[0].name, std::to_string(i));
    cookie = next[0].dirent.next;
    EXPECT_EQ(guest.on_path("path_unlink_file", "tmp/" + next[0].name), Errno::kSuccess);
  }
  EXPECT_THAT(guest.names("tmp"), ElementsAre(".", ".."));
}

TEST(FdReaddir, IsForDirectoriesWithTheRight) {
  TestGuest guest;
  EXPECT_EQ(guest.call("fd_readdir", {0, 600, 100, 0, 512}), Errno::kNotdir);
  EXPECT_EQ(guest.call("fd_readdir", {99, 600, 100, 0, 512}), Errno::kBadf);
  const Fd fd = guest.open("tmp", kOpenDirectory, rights::kPathOpen);
  EXPECT_EQ(guest.call("fd_readdir", {fd, 600, 100, 0, 512}), Errno::kNotcapable);
}

TEST(FdReaddir, NeedsNoBlocksOfFilesButOfWhatMayBeADirectory) {
  TestGuest guest;
  const auto file = guest.add_file("raw");
  const auto inner = guest.add_directory({});
  guest.world.mounts.emplace("/m", guest.add_directory({{"a", file}, {"b", inner}}).cid);
  ASSERT_TRUE(guest.store.remove(file.cid).ok());
  EXPECT_THAT(guest.names("m"), ElementsAre(".", "..", "a", "b"));

  TestGuest other;
  const auto gone = other.add_directory({});
  other.world.mounts.emplace("/m", other.add_directory({{"b", gone}}).cid);
  ASSERT_TRUE(other.store.remove(gone.cid).ok());
  const auto result = other.call_raw("fd_readdir", {other.open("m"), 600, 100, 0, 512});
  EXPECT_EQ(std::get<wasm::Stopped>(result).reason, wasm::StopReason::kMissingBlock);
}

}  // namespace
}  // namespace timerose::wasi
