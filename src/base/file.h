// Files: an owned descriptor, and whole-file helpers whose errors name the path.
#pragma once

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose {

// A file descriptor that is closed once. Move-only.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { close(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  int release();
  void close();

 private:
  int fd_ = -1;
};

// The error that errno `code` stands for: "opening /x: No such file or directory".
Error errno_error(int code, std::string_view doing);

Result<FileDescriptor> open_for_reading(const std::filesystem::path& path);

// Reads at most `bytes_max` bytes; kLimitExceeded if the file is longer.
Result<Bytes> read_file(const std::filesystem::path& path, size_t bytes_max);

// Writes all of `data` to the descriptor, whatever the kernel's partial writes.
Status write_all(int fd, ByteView data);

// Replaces `path` with `data` so that after a crash it holds the old bytes or the new, never a mix:
// temporary file beside it, fsync, rename, fsync of the folder. `mode` is the new file's
// permission.
Status write_file_atomically(const std::filesystem::path& path, ByteView data, unsigned mode);

}  // namespace timerose
