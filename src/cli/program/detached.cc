#include "cli/program/detached.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/bytes.h"

namespace timerose::cli {
namespace {

// A log longer than this begins anew at the next start.
constexpr off_t kLogBytesMax = 16 << 20;
constexpr char kReady = 'r';
constexpr char kFailed = 'f';

Result<FileDescriptor> open_log(const std::filesystem::path& path) {
  FileDescriptor log(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  struct stat info{};
  if (!log.valid() || fstat(log.get(), &info) != 0) {
    return errno_error(errno, "opening " + path.string());
  }
  if (info.st_size > kLogBytesMax && ftruncate(log.get(), 0) != 0) {
    return errno_error(errno, "emptying " + path.string());
  }
  return log;
}

}  // namespace

Result<Detached> detach(const std::filesystem::path& path) {
  TR_ASSIGN(const FileDescriptor log, open_log(path));
  const FileDescriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::array<int, 2> ends{-1, -1};
  if (!nothing.valid() || pipe2(ends.data(), O_CLOEXEC) != 0) {
    return errno_error(errno, "preparing to detach");
  }
  FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  const pid_t child = fork();
  if (child < 0) return errno_error(errno, "starting a process");
  if (child > 0) return Detached(true, std::move(reading));
  setsid();
  dup2(nothing.get(), STDIN_FILENO);
  dup2(log.get(), STDOUT_FILENO);
  dup2(log.get(), STDERR_FILENO);
  return Detached(false, std::move(writing));
}

Result<std::string> Detached::wait_for_report() {
  std::string text;
  std::array<uint8_t, 4096> piece{};
  while (true) {
    const ssize_t got = read(pipe_.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(errno, "waiting for the node");
    if (got == 0) break;
    text += as_text(ByteView(piece).first(static_cast<size_t>(got)));
  }
  if (text.starts_with(kReady)) return text.substr(1);
  if (text.starts_with(kFailed)) return Error{ErrorCode::kIo, text.substr(1)};
  return Error{ErrorCode::kIo, "the node ended before it was ready; its log may say why"};
}

Status Detached::report(const std::string& text) { return send(kReady, text); }
Status Detached::report_failure(const std::string& why) {
  // Nobody waits any more once it was ready.
  return pipe_.valid() ? send(kFailed, why) : success();
}

Status Detached::send(char kind, const std::string& text) {
  auto sent = write_all(pipe_.get(), as_bytes(kind + text));
  pipe_.close();
  return sent;
}

}  // namespace timerose::cli
