#include "wasm/wasi/context.h"

#include <gmock/gmock.h>

#include "wasm/wasi/test_guest.h"

namespace timerose::wasi {
namespace {

class Output : public ::testing::Test {
 protected:
  Cid collect() {
    auto output = guest_.context().collect_output(unixfs::sink_into(guest_.store));
    EXPECT_TRUE(output.ok()) << output.error().message;
    dag_bytes_ = output.value().dag_bytes;
    return output.value().cid;
  }
  std::string file(const Cid& directory, const std::string& name) {
    const auto entry = unixfs::find_entry(guest_.store, directory, name).value();
    EXPECT_TRUE(entry.has_value()) << name;
    const Bytes bytes = unixfs::read_file(guest_.store, entry->cid, 1U << 24).value();
    return {bytes.begin(), bytes.end()};
  }
  TestGuest guest_;
  uint64_t dag_bytes_ = 0;
};

TEST_F(Output, IsThereOnceAnythingIsBelowOut) {
  EXPECT_FALSE(guest_.context().has_output());
  guest_.make_file("tmp/f", "x");
  EXPECT_FALSE(guest_.context().has_output());
  guest_.on_path("path_create_directory", "out/d");
  EXPECT_TRUE(guest_.context().has_output());
  EXPECT_EQ(guest_.on_path("path_remove_directory", "out/d"), Errno::kSuccess);
  EXPECT_FALSE(guest_.context().has_output());
}

TEST_F(Output, IsTheDirectoryThatTheSameFilesWouldBeImportedAs) {
  guest_.make_file("out/a", "text");
  guest_.on_path("path_create_directory", "out/d");
  guest_.make_file("out/d/b", std::string(300, 'b'));
  guest_.on_two_paths("path_symlink", "../a", "out/d/link");
  guest_.make_file("tmp/not", "text");
  const auto d = guest_.add_directory(
      {{"b", guest_.add_file(std::string(300, 'b'))}, {"link", guest_.add_symlink("../a")}});
  const auto expected = guest_.add_directory({{"a", guest_.add_file("text")}, {"d", d}});
  EXPECT_EQ(collect(), expected.cid);
  EXPECT_EQ(dag_bytes_, expected.dag_bytes);
}

TEST_F(Output, KeepsTheCidOfWhatWasMountedAndMovedWithoutReadingIt) {
  const auto file = guest_.add_file("file");
  const auto big = guest_.add_directory({{"f", file}});
  guest_.world.mounts.emplace("/m", guest_.add_directory({{"d", big}, {"file", file}}).cid);
  guest_.world.inputs = {file.cid};
  EXPECT_EQ(guest_.on_two_paths("path_rename", "m/d", "out/d"), Errno::kSuccess);
  EXPECT_EQ(guest_.on_two_paths("path_link", "in/0", "out/l"), Errno::kSuccess);
  EXPECT_EQ(guest_.stat("out/d/f").size, 4U);  // seen, not changed
  const auto expected = guest_.add_directory({{"d", big}, {"l", file}});
  EXPECT_EQ(collect(), expected.cid);
  EXPECT_EQ(dag_bytes_, expected.dag_bytes);
}

TEST_F(Output, MergesAMountOnOutWithItsChanges) {
  const auto file = guest_.add_file("old");
  const auto mounted =
      guest_.add_directory({{"a", file}, {"b", file}, {"c", guest_.add_directory({{"x", file}})}});
  guest_.world.mounts.emplace("/out", mounted.cid);
  EXPECT_TRUE(guest_.context().has_output());
  EXPECT_EQ(collect(), mounted.cid);
  EXPECT_EQ(guest_.on_path("path_unlink_file", "out/a"), Errno::kSuccess);
  guest_.write(guest_.open("out/b", 0, rights::kAll), "NEW");
  guest_.make_file("out/c/y", "made");
  const auto c = guest_.add_directory({{"x", file}, {"y", guest_.add_file("made")}});
  EXPECT_EQ(collect(), guest_.add_directory({{"b", guest_.add_file("NEW")}, {"c", c}}).cid);
}

TEST_F(Output, KeepsMountsBelowOut) {
  const auto file = guest_.add_file("x");
  guest_.world.mounts.emplace("/out/a/b", file.cid);
  EXPECT_EQ(collect(), guest_.add_directory({{"a", guest_.add_directory({{"b", file}})}}).cid);
}

TEST_F(Output, SaysWhichBlockIsMissing) {
  const auto file = guest_.add_file("x");
  guest_.world.mounts.emplace("/out", guest_.add_directory({{"a", file}}).cid);
  ASSERT_TRUE(guest_.store.remove(guest_.world.mounts.at("/out")).ok());
  EXPECT_TRUE(guest_.context().has_output());  // cannot be told
  const auto output = guest_.context().collect_output(unixfs::discard());
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().code, ErrorCode::kNotFound);
}

TEST_F(Output, IsNoneWhenTheGuestTookOutAway) {
  EXPECT_EQ(guest_.on_path("path_remove_directory", "out"), Errno::kSuccess);
  EXPECT_FALSE(guest_.context().has_output());
  EXPECT_FALSE(guest_.context().collect_output(unixfs::discard()).ok());
  guest_.make_file("out", "a file");
  EXPECT_FALSE(guest_.context().has_output());
}

TEST_F(Output, OfDirectoriesDeepInsideEachOtherNeedsNoStack) {
  Fd parent = guest_.open("out");
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t name = 512;
    ASSERT_TRUE(guest_.guest_memory().store(name, 'd'));
    ASSERT_EQ(guest_.call("path_create_directory", {parent, name, 1}), Errno::kSuccess);
    ASSERT_EQ(
        guest_.call("path_open", {parent, 0, name, 1, 0, rights::kDirectory, rights::kAll, 0, 520}),
        Errno::kSuccess);
    ASSERT_EQ(guest_.call("fd_close", {parent}), Errno::kSuccess);
    parent = guest_.value_at<Fd>(520);
  }
  collect();
}

TEST(ContextDeterminism, TwoGuestsThatDoTheSameSeeTheSame) {
  const auto play = [] {
    TestGuest guest;
    const auto file = guest.add_file("x");
    guest.world.mounts.emplace("/m", guest.add_directory({{"a", file}, {"b", file}}).cid);
    guest.make_file("out/made", "text");
    std::vector<uint64_t> seen;
    for (const char* path : {"m", "m/a", "m/b", "out/made", "tmp"}) {
      const Filestat stat = guest.stat(path);
      seen.insert(seen.end(), {stat.inode, stat.modify_ns, stat.size});
    }
    return seen;
  };
  EXPECT_EQ(play(), play());
}

TEST(ContextReading, OfAFileOfManyBlocksGivesEveryByte) {
  TestGuest guest;
  guest.layout.chunk_bytes = 1000;
  std::string text;
  for (int i = 0; text.size() < 150'000; ++i) text += std::to_string(i);
  guest.world.inputs = {guest.add_file(text).cid};
  const Fd fd = guest.open("in/0", 0, rights::kAll);
  std::string seen;
  for (std::string piece; !(piece = guest.read(fd, 7777)).empty();) seen += piece;
  EXPECT_EQ(seen, text);
  // Written over the middle of a block, and across the end of a page.
  ASSERT_EQ(guest.seek(fd, 65'500, Whence::kSet), Errno::kSuccess);
  guest.write(fd, std::string(100, '-'));
  text.replace(65'500, 100, std::string(100, '-'));
  ASSERT_EQ(guest.seek(fd, 0, Whence::kSet), Errno::kSuccess);
  EXPECT_EQ(guest.read(fd, 200'000), text);
}

}  // namespace
}  // namespace timerose::wasi
