#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace timerose {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() { return std::exchange(fd_, -1); }

void FileDescriptor::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Error errno_error(int code, std::string_view doing) {
  ErrorCode kind = ErrorCode::kIo;
  if (code == ENOENT || code == ENOTDIR) kind = ErrorCode::kNotFound;
  if (code == EACCES || code == EPERM || code == EROFS) kind = ErrorCode::kPermission;
  if (code == ENOSPC || code == EDQUOT || code == EFBIG) kind = ErrorCode::kNoSpace;
  return Error{kind, fmt::format("{}: {}", doing, std::strerror(code))};
}

Result<FileDescriptor> open_for_reading(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return errno_error(errno, fmt::format("opening {}", path.string()));
  return file;
}

Result<Bytes> read_file(const std::filesystem::path& path, size_t bytes_max) {
  TR_ASSIGN(const FileDescriptor file, open_for_reading(path));
  struct stat status{};
  if (fstat(file.get(), &status) != 0) {
    return errno_error(errno, fmt::format("reading {}", path.string()));
  }
  if (S_ISDIR(status.st_mode)) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} is a directory, a file was expected", path.string())};
  }
  Bytes data(std::min<size_t>(static_cast<size_t>(status.st_size), bytes_max) + 1);
  size_t filled = 0;
  while (true) {
    if (filled == data.size()) data.resize(data.size() * 2);
    const ssize_t got = ::read(file.get(), data.data() + filled, data.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(errno, fmt::format("reading {}", path.string()));
    if (got == 0) break;
    filled += static_cast<size_t>(got);
    if (filled > bytes_max) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("{} is longer than {} bytes", path.string(), bytes_max)};
    }
  }
  data.resize(filled);
  return data;
}

Status write_all(int fd, ByteView data) {
  while (!data.empty()) {
    const ssize_t wrote = ::write(fd, data.data(), data.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno_error(errno, "writing");
    data = data.subspan(static_cast<size_t>(wrote));
  }
  return success();
}

Status write_file_atomically(const std::filesystem::path& path, ByteView data, unsigned mode) {
  const std::string doing = fmt::format("writing {}", path.string());
  std::string temporary = path.string() + ".XXXXXX";
  FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.valid()) return errno_error(errno, doing);
  Status written = write_all(file.get(), data);
  if (written && ::fchmod(file.get(), static_cast<mode_t>(mode)) != 0) {
    written = errno_error(errno, doing);
  }
  if (written && ::fsync(file.get()) != 0) written = errno_error(errno, doing);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0)
    written = errno_error(errno, doing);
  if (!written) {
    ::unlink(temporary.c_str());
    return std::move(written).error().within(doing);
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || ::fsync(directory.get()) != 0) return errno_error(errno, doing);
  return success();
}

}  // namespace timerose
