#include <gmock/gmock.h>

#include "wasm/wasi/test_guest.h"

namespace timerose::wasi {
namespace {

using ::testing::ElementsAre;

TEST(PathCreateDirectory, MakesOne) {
  TestGuest guest;
  EXPECT_EQ(guest.on_path("path_create_directory", "tmp/d"), Errno::kSuccess);
  EXPECT_EQ(guest.on_path("path_create_directory", "tmp/d/e/"), Errno::kSuccess);
  EXPECT_EQ(guest.stat("tmp/d/e").filetype, Filetype::kDirectory);
  EXPECT_EQ(guest.on_path("path_create_directory", "tmp/d"), Errno::kExist);
  EXPECT_EQ(guest.on_path("path_create_directory", "tmp/."), Errno::kExist);
  EXPECT_EQ(guest.on_path("path_create_directory", "no/d"), Errno::kNoent);
  EXPECT_EQ(guest.on_path("path_create_directory", "x", 0), Errno::kNotdir);
  EXPECT_EQ(guest.on_path("path_create_directory", "x", guest.open("tmp", 0, 0)),
            Errno::kNotcapable);
}

TEST(PathCreateDirectory, EndsWhenThereAreNoMoreNodes) {
  TestGuest guest;
  guest.limits.files_max = 2;
  EXPECT_EQ(guest.on_path("path_create_directory", "tmp/a"), Errno::kSuccess);
  guest.make_file("tmp/b", "");
  EXPECT_EQ(guest.on_path("path_create_directory", "tmp/c"), Errno::kNospc);
  EXPECT_EQ(guest.on_two_paths("path_symlink", "x", "tmp/c"), Errno::kNospc);
  EXPECT_EQ(guest.on_path("path_unlink_file", "tmp/b"), Errno::kSuccess);
  EXPECT_EQ(guest.on_path("path_create_directory", "tmp/c"), Errno::kSuccess);
}

TEST(PathUnlinkFile, TakesAwayNamesOfFilesAndLinks) {
  TestGuest guest;
  const auto file = guest.add_file("x");
  guest.world.mounts.emplace("/m", guest.add_directory({{"f", file}}).cid);
  guest.on_two_paths("path_symlink", "f", "m/link");
  EXPECT_EQ(guest.on_path("path_unlink_file", "m/link/"), Errno::kNotdir);
  EXPECT_EQ(guest.on_path("path_unlink_file", "m/link"), Errno::kSuccess);
  EXPECT_EQ(guest.on_path("path_unlink_file", "m/f/"), Errno::kNotdir);
  EXPECT_EQ(guest.on_path("path_unlink_file", "m/f"), Errno::kSuccess);
  EXPECT_EQ(guest.on_path("path_unlink_file", "m/f"), Errno::kNoent);
  EXPECT_EQ(guest.on_path("path_unlink_file", "m"), Errno::kIsdir);
  EXPECT_EQ(guest.on_path("path_unlink_file", "x", guest.open("m", 0, 0)), Errno::kNotcapable);
  guest.make_file("m/f", "new");
  EXPECT_EQ(guest.content("m/f"), "new");
}

TEST(PathUnlinkFile, LeavesAnOpenFileToItsDescriptor) {
  TestGuest guest;
  guest.make_file("tmp/f", "text");
  const Fd fd = guest.open("tmp/f");
  EXPECT_EQ(guest.on_path("path_unlink_file", "tmp/f"), Errno::kSuccess);
  EXPECT_EQ(guest.read(fd), "text");
  EXPECT_EQ(guest.stat(fd).links, 0U);
}

TEST(PathRemoveDirectory, TakesAwayEmptyOnes) {
  TestGuest guest;
  const auto file = guest.add_file("x");
  guest.world.mounts.emplace("/m", guest.add_directory({{"f", file}}).cid);
  EXPECT_EQ(guest.on_path("path_remove_directory", "m"), Errno::kNotempty);
  EXPECT_EQ(guest.on_path("path_remove_directory", "m/f"), Errno::kNotdir);
  EXPECT_EQ(guest.on_path("path_unlink_file", "m/f"), Errno::kSuccess);
  EXPECT_EQ(guest.on_path("path_remove_directory", "m/"), Errno::kSuccess);
  EXPECT_EQ(guest.on_path("path_remove_directory", "m"), Errno::kNoent);
  EXPECT_EQ(guest.on_path("path_remove_directory", "tmp/."), Errno::kInval);
  guest.on_two_paths("path_symlink", "tmp", "link");
  EXPECT_EQ(guest.on_path("path_remove_directory", "link/"), Errno::kNotdir);
}

TEST(PathRemoveDirectory, LeavesAnOpenOneThatTakesNoNewNames) {
  TestGuest guest;
  guest.on_path("path_create_directory", "tmp/d");
  const Fd fd = guest.open("tmp/d");
  EXPECT_EQ(guest.on_path("path_remove_directory", "tmp/d"), Errno::kSuccess);
  EXPECT_EQ(guest.open_errno("f", kOpenCreate, 0, 0, fd), Errno::kNoent);
  EXPECT_EQ(guest.list(fd).size(), 2U);
}

TEST(PathRename, MovesFilesAndDirectories) {
  TestGuest guest;
  const auto file = guest.add_file("x");
  const auto inner = guest.add_directory({{"f", file}});
  guest.world.mounts.emplace("/m", guest.add_directory({{"d", inner}}).cid);
  const uint64_t inode = guest.stat("m/d/f").inode;
  EXPECT_EQ(guest.on_two_paths("path_rename", "m/d", "out/e"), Errno::kSuccess);
  EXPECT_EQ(guest.content("out/e/f"), "x");
  EXPECT_EQ(guest.stat("out/e/f").inode, inode);
  EXPECT_EQ(guest.stat_errno("m/d"), Errno::kNoent);
  EXPECT_EQ(guest.on_two_paths("path_rename", "out/e/f", "out/e/g"), Errno::kSuccess);
  EXPECT_THAT(guest.names("out/e"), ElementsAre(".", "..", "g"));
}

TEST(PathRename, TakesThePlaceOfWhatIsThereIfItIsOfItsKind) {
  TestGuest guest;
  guest.make_file("tmp/f", "f");
  guest.make_file("tmp/g", "g");
  guest.on_path("path_create_directory", "tmp/d");
  guest.on_path("path_create_directory", "tmp/e");
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/f", "tmp/d"), Errno::kIsdir);
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/d", "tmp/f"), Errno::kNotdir);
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/f", "tmp/g"), Errno::kSuccess);
  EXPECT_EQ(guest.content("tmp/g"), "f");
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/d", "tmp/e"), Errno::kSuccess);
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/g", "tmp/e/g"), Errno::kSuccess);
  guest.on_path("path_create_directory", "tmp/d");
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/d", "tmp/e"), Errno::kNotempty);
}

TEST(PathRename, RefusesWhatMakesNoSense) {
  TestGuest guest;
  guest.make_file("tmp/f", "f");
  guest.on_path("path_create_directory", "tmp/d");
  guest.on_path("path_create_directory", "tmp/d/e");
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/none", "tmp/x"), Errno::kNoent);
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/d", "tmp/d/e/x"), Errno::kInval);
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/d", "tmp/d/x"), Errno::kInval);
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/.", "tmp/x"), Errno::kInval);
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/f/", "tmp/x"), Errno::kNotdir);
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/f", "tmp/x/"), Errno::kNotdir);
  EXPECT_EQ(guest.on_two_paths("path_rename", "tmp/f", "tmp/f"), Errno::kSuccess);
  EXPECT_EQ(guest.content("tmp/f"), "f");
}

TEST(PathRename, KeepsEverythingWhenThereIsNoSpaceForIt) {
  TestGuest guest;
  const auto file = guest.add_file("x");
  guest.world.mounts.emplace("/m", guest.add_directory({{"a", file}, {"b", file}}).cid);
  guest.limits.files_max = 1;  // hiding both names of the mount takes two
  EXPECT_EQ(guest.on_two_paths("path_rename", "m/a", "m/b"), Errno::kNospc);
  EXPECT_THAT(guest.names("m"), ElementsAre(".", "..", "a", "b"));
  EXPECT_EQ(guest.content("m/a"), "x");
}

TEST(PathLink, GivesAFileASecondName) {
  TestGuest guest;
  guest.make_file("tmp/f", "one");
  EXPECT_EQ(guest.on_two_paths("path_link", "tmp/f", "out/g"), Errno::kSuccess);
  EXPECT_EQ(guest.stat("tmp/f").links, 2U);
  EXPECT_EQ(guest.stat("tmp/f").inode, guest.stat("out/g").inode);
  guest.write(guest.open("out/g", 0, rights::kAll), "two");
  EXPECT_EQ(guest.content("tmp/f"), "two");
  EXPECT_EQ(guest.on_path("path_unlink_file", "tmp/f"), Errno::kSuccess);
  EXPECT_EQ(guest.stat("out/g").links, 1U);
}

TEST(PathLink, RefusesDirectoriesAndNamesThatAreTaken) {
  TestGuest guest;
  guest.make_file("tmp/f", "");
  EXPECT_EQ(guest.on_two_paths("path_link", "tmp", "x"), Errno::kPerm);
  EXPECT_EQ(guest.on_two_paths("path_link", "tmp/f", "tmp/f"), Errno::kExist);
  EXPECT_EQ(guest.on_two_paths("path_link", "tmp/none", "tmp/g"), Errno::kNoent);
  EXPECT_EQ(guest.on_two_paths("path_link", "tmp/f", "tmp/g/"), Errno::kNoent);
  EXPECT_EQ(guest.on_two_paths("path_link", "tmp/f/", "tmp/g"), Errno::kNotdir);
  const uint64_t from = guest.put("tmp/f");
  EXPECT_EQ(guest.call("path_link", {3, 1, from, 5, 3, from, 5}), Errno::kInval);
}

TEST(PathSymlink, RefusesTargetsAndNamesThatAreNone) {
  TestGuest guest;
  guest.make_file("tmp/f", "");
  EXPECT_EQ(guest.on_two_paths("path_symlink", "/tmp/f", "tmp/l"), Errno::kPerm);
  EXPECT_EQ(guest.on_two_paths("path_symlink", "", "tmp/l"), Errno::kNoent);
  EXPECT_EQ(guest.on_two_paths("path_symlink", "x", "tmp/f"), Errno::kExist);
  EXPECT_EQ(guest.on_two_paths("path_symlink", "x", "tmp/f/"), Errno::kNotdir);
  EXPECT_EQ(guest.on_two_paths("path_symlink", "x", "tmp/l/"), Errno::kNoent);
  EXPECT_EQ(guest.on_two_paths("path_symlink", std::string_view("a\0b", 3), "tmp/l"),
            Errno::kInval);
  EXPECT_EQ(guest.on_two_paths("path_symlink", std::string(4097, 'x'), "tmp/l"),
            Errno::kNametoolong);
}

TEST(PathSymlink, TakesTheSpaceOfItsTarget) {
  TestGuest guest;
  guest.limits.written_bytes_max = 3;
  EXPECT_EQ(guest.on_two_paths("path_symlink", "1234", "tmp/l"), Errno::kNospc);
  EXPECT_EQ(guest.on_two_paths("path_symlink", "123", "tmp/l"), Errno::kSuccess);
  EXPECT_EQ(guest.on_path("path_unlink_file", "tmp/l"), Errno::kSuccess);
  EXPECT_EQ(guest.on_two_paths("path_symlink", "123", "tmp/l"), Errno::kSuccess);
}

}  // namespace
}  // namespace timerose::wasi
