#include "isolation/group.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/file.h"

namespace timerose::isolation {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

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

  void make(const fs::path& file, std::string_view text = "") {
    fs::create_directories((folder_ / file).parent_path());
    ASSERT_TRUE(write_file_atomically(folder_ / file, as_bytes(text), 0600).ok());
  }
  void make_group(std::initializer_list<const char*> files) {
    for (const char* file : files) make(fs::path("timerose-worker-7") / file);
  }
  [[nodiscard]] fs::path group() const { return folder_ / "timerose-worker-7"; }
  [[nodiscard]] std::string text_of(const fs::path& file) const {
    const auto bytes = read_file(folder_ / file, 1000);
    return bytes.ok() ? std::string(as_text(*bytes)) : "(none)";
  }
  fs::path folder_;
};

TEST_F(GroupTest, HoldsTheProcessToItsLimits) {
  make("cgroup.subtree_control", "cpu memory pids\n");
  make_group({"memory.max", "memory.swap.max", "pids.max", "cgroup.procs"});
  const auto joined = join_group(folder_, 7, {1000, 5});
  ASSERT_TRUE(joined.ok()) << joined.error().message;
  EXPECT_EQ(*joined, group());
  EXPECT_EQ(text_of("timerose-worker-7/memory.max"), "1000");
  EXPECT_EQ(text_of("timerose-worker-7/memory.swap.max"), "0");
  EXPECT_EQ(text_of("timerose-worker-7/pids.max"), "5");
  EXPECT_EQ(text_of("timerose-worker-7/cgroup.procs"), "7");
  EXPECT_EQ(text_of("cgroup.subtree_control"), "cpu memory pids\n");  // left alone
}

TEST_F(GroupTest, SwitchesOnWhatAServiceWasGivenAndHasToSwitchOnItself) {
  make("cgroup.subtree_control", "pids memoryless\n");
  make_group({"memory.max", "pids.max", "cgroup.procs"});
  ASSERT_TRUE(join_group(folder_, 7, {1000, 5}).ok());
  EXPECT_TRUE(text_of("cgroup.subtree_control").starts_with("+memory +pids"));
}

TEST_F(GroupTest, SaysWhatTheFolderLacks) {
  const auto none = join_group(folder_ / "absent", 7, {1000, 5});
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message, HasSubstr("switching on memory and pids in "));
  make("cgroup.subtree_control", "memory pids");
  const auto joined = join_group(folder_, 7, {1000, 5});
  ASSERT_FALSE(joined.ok());
  EXPECT_THAT(joined.error().message, HasSubstr("memory.max"));
  EXPECT_FALSE(fs::exists(group()));  // nothing stays behind
}

// --- On the system's own hierarchy, where this user may use it ---

std::optional<fs::path> hierarchy() {
  std::ifstream mounts("/proc/self/mounts");
  std::string what;
  std::string where;
  std::string type;
  for (std::string rest; mounts >> what >> where >> type && std::getline(mounts, rest);) {
    if (type == "cgroup2") return where;
  }
  return std::nullopt;
}

class RealGroupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto top = hierarchy();
    if (!top) GTEST_SKIP() << "the system has no cgroup v2";
    parent_ = *top / ("timerose-test-" + std::to_string(getpid()));
    std::error_code failure;
    if (!fs::create_directory(parent_, failure)) GTEST_SKIP() << "no group can be made here";
    child_ = fork();
    if (child_ == 0) {
      while (true) pause();
    }
  }
  void TearDown() override {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    remove_empty_groups(parent_);
    EXPECT_EQ(rmdir(parent_.c_str()), 0);  // so no group stayed behind
  }
  [[nodiscard]] std::string read(const fs::path& file) const {
    const auto bytes = read_file(parent_ / file, 4096);
    return bytes.ok() ? std::string(as_text(*bytes)) : "";
  }
  fs::path parent_;
  pid_t child_ = -1;
};

TEST_F(RealGroupTest, HoldsAProcessOrSaysWhichControllersThereAreNot) {
  const auto joined = join_group(parent_, child_, {64U << 20, 5});
  const std::string controllers = read("cgroup.controllers");
  if (controllers.find("memory") == std::string::npos ||
      controllers.find("pids") == std::string::npos) {
    ASSERT_FALSE(joined.ok());
    EXPECT_THAT(joined.error().message, HasSubstr("cgroup.controllers does not have both"));
    return;
  }
  ASSERT_TRUE(joined.ok()) << joined.error().message;
  EXPECT_EQ(read(joined->filename() / "memory.max"), "67108864\n");
  EXPECT_EQ(read(joined->filename() / "pids.max"), "5\n");
  EXPECT_EQ(read(joined->filename() / "cgroup.procs"), std::to_string(child_) + "\n");
}

}  // namespace
}  // namespace timerose::isolation
