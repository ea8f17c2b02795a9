#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/testing.h"

namespace timerose {
namespace {

using ::testing::HasSubstr;

class File : public ::testing::Test {
 protected:
  size_t entries() { return std::distance(std::filesystem::directory_iterator(folder_), {}); }

  testing_support::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST_F(File, ADescriptorIsClosedOnce) {
  int fd = -1;
  {
    FileDescriptor first(::open(folder_.c_str(), O_RDONLY | O_CLOEXEC));
    fd = first.get();
    FileDescriptor second = std::move(first);
    EXPECT_EQ(second.get(), fd);
    FileDescriptor third;
    third = std::move(second);
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST_F(File, AReleasedDescriptorStaysOpen) {
  int fd = -1;
  {
    FileDescriptor file(::open(folder_.c_str(), O_RDONLY | O_CLOEXEC));
    fd = file.release();
    EXPECT_FALSE(file.valid());
  }
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

TEST_F(File, IsReadAsItWasWrittenWithItsMode) {
  const std::filesystem::path path = folder_ / "a";
  for (const size_t size : {0, 1, 4096, 100'000}) {
    const Bytes data(size, 'x');
    ASSERT_TRUE(write_file_atomically(path, data, 0640).ok());
    EXPECT_EQ(*read_file(path, size), data);
  }
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  EXPECT_EQ(entries(), 1U);
}

TEST_F(File, OverTheLimitIsNotRead) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a", Bytes(101), 0600).ok());
  EXPECT_TRUE(read_file(folder_ / "a", 101).ok());
  EXPECT_EQ(read_file(folder_ / "a", 100).error().code, ErrorCode::kLimitExceeded);
}

TEST_F(File, WhoseSizeIsNotToldIsReadToItsEnd) {
  const std::filesystem::path path = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] {
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    EXPECT_TRUE(write_all(file.get(), Bytes(200'000, 'y')).ok());
  });
  auto read = read_file(path, 1 << 20);
  writer.join();
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->size(), 200'000U);
}

TEST_F(File, ErrorsNameThePathAndTheirKind) {
  auto absent = read_file(folder_ / "absent", 10);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(absent.error().message, HasSubstr((folder_ / "absent").string()));
  EXPECT_EQ(read_file(folder_, 10).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(errno_error(ENOSPC, "x").code, ErrorCode::kNoSpace);
  EXPECT_EQ(errno_error(EACCES, "x").code, ErrorCode::kPermission);
  EXPECT_EQ(errno_error(EIO, "writing y").code, ErrorCode::kIo);
  EXPECT_THAT(errno_error(EIO, "writing y").message, HasSubstr("writing y: "));
}

TEST_F(File, IsLeftAsItWasWhenItCannotBeReplaced) {
  ASSERT_TRUE(std::filesystem::create_directories(folder_ / "a" / "b"));
  auto status = write_file_atomically(folder_ / "a", as_bytes("new"), 0600);
  ASSERT_FALSE(status.ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder_ / "a" / "b"));
  EXPECT_EQ(entries(), 1U) << "the temporary file is removed";
}

TEST_F(File, WritingToADescriptorThatIsNotOpenIsAnError) {
  EXPECT_FALSE(write_all(-1, as_bytes("x")).ok());
}

}  // namespace
}  // namespace timerose
