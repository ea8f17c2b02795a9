#include "isolation/group.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"

namespace timerose::isolation {
namespace {

namespace fs = std::filesystem;

// A folder that stands for one of cgroup v2, whose groups have their files as soon as they are
// made; here they are made before.
class GroupTest : public ::testing::Test {
 protected:
  GroupTest() {
    folder_ = fs::temp_directory_path() / ("timerose-group-" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  ~GroupTest() override { fs::remove_all(folder_); }
  GroupTest(const GroupTest&) = delete;
  GroupTest& operator=(const GroupTest&) = delete;

  void make(const char* file) {
    fs::create_directories(group());
    ASSERT_TRUE(write_file_atomically(group() / file, {}, 0600).ok());
  }
  [[nodiscard]] fs::path group() const { return folder_ / "timerose-worker-7"; }
  [[nodiscard]] std::string text_of(const char* file) const {
    const auto bytes = read_file(group() / file, 1000);
    return bytes.ok() ? std::string(as_text(*bytes)) : "(none)";
  }
  fs::path folder_;
};

TEST_F(GroupTest, HoldsTheProcessToItsLimits) {
  for (const char* file : {"memory.max", "memory.swap.max", "pids.max", "cgroup.procs"}) make(file);
  const auto joined = join_group(folder_, 7, {1000, 5});
  ASSERT_TRUE(joined.ok()) << joined.error().message;
  EXPECT_EQ(*joined, group());
  EXPECT_EQ(text_of("memory.max"), "1000");
  EXPECT_EQ(text_of("memory.swap.max"), "0");
  EXPECT_EQ(text_of("pids.max"), "5");
  EXPECT_EQ(text_of("cgroup.procs"), "7");
}

TEST_F(GroupTest, SaysWhatTheFolderLacks) {
  const auto joined = join_group(folder_, 7, {1000, 5});
  ASSERT_FALSE(joined.ok());
  EXPECT_NE(joined.error().message.find("needs the controllers memory and pids"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(group()));  // nothing stays behind
  EXPECT_FALSE(join_group(folder_ / "absent", 7, {}).ok());
}

}  // namespace
}  // namespace timerose::isolation
