#include "cli/program/streams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>

#include <cerrno>
#include <string>

#include "base/file.h"

namespace timerose::cli {
namespace {

// How long it takes at most to see that the flag was set.
constexpr int kCancelPollMs = 100;

}  // namespace

Status check_not_cancelled(const Streams& streams) {
  if (streams.cancelled == nullptr || !streams.cancelled->load(std::memory_order_relaxed)) {
    return success();
  }
  return Error{ErrorCode::kCancelled, "the command was cancelled"};
}

Status wait_until_ready(const Streams& streams, int descriptor, short events) {
  if (streams.cancelled == nullptr) return success();
  while (true) {
    TR_TRY(check_not_cancelled(streams));
    pollfd one{descriptor, events, 0};
    const int ready = poll(&one, 1, kCancelPollMs);
    if (ready > 0) return success();
    if (ready < 0 && errno != EINTR) return errno_error(errno, "waiting for a standard stream");
  }
}

bool reader_has_gone(const Streams& streams) {
  pollfd one{streams.out, POLLOUT, 0};
  return streams.cancelled != nullptr && poll(&one, 1, 0) == 1 && (one.revents & POLLERR) != 0;
}

StdinSource::StdinSource(const Streams& streams) : streams_(streams), file_(streams.in) {
  posix_fadvise(streams.in, 0, 0, POSIX_FADV_SEQUENTIAL);
}

Result<size_t> StdinSource::read(std::span<uint8_t> out) {
  TR_TRY(wait_until_ready(streams_, streams_.in, POLLIN));
  return file_.read(out);
}

void complain(const Streams& streams, std::string_view message) {
  // Nothing can be said of a standard error that takes nothing.
  (void)write_all(streams.err, as_bytes(fmt::format("timerose: {}\n", message)));
}

std::string path_of_client(const Streams& streams, std::string path) {
  if (streams.client == 0) return path;
  const std::string own = fmt::format("/proc/{}/fd/", streams.client);
  if (path == "/dev/stdin") return own + "0";
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (path.starts_with(folder)) return own + path.substr(folder.size());
  }
  return path;
}

}  // namespace timerose::cli
