#include "isolation/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <utility>

#include "isolation/course.h"
#include "isolation/group.h"

namespace timerose::isolation {
namespace {

// Pages that it shares with other processes, but for what it puts into files in memory: those of
// the program.
constexpr uint64_t kSharedBytes = 64ULL << 20;

FileDescriptor open_statm(pid_t process) {
  return FileDescriptor(open(fmt::format("/proc/{}/statm", process).c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

Process::Process(Launched launched, Channel channel, Clock& clock, const Options& options)
    : id_(launched.process),
      compile_ns_max_(options.compile_ns_max),
      run_put_bytes_max_(options.run_put_bytes_max),
      cancel_(std::move(launched.cancel)),
      handle_(static_cast<int>(syscall(SYS_pidfd_open, id_, 0))),
      statm_(open_statm(id_)),
      channel_(std::move(channel)),
      clock_(clock) {}

Result<std::unique_ptr<Process>> Process::start(const Options& options, Clock& clock) {
  TR_ASSIGN(Launched launched, launch(options.program, options.namespaces));
  FileDescriptor socket = std::move(launched.channel);
  TR_ASSIGN(Channel channel, Channel::open(std::move(socket)));
  std::unique_ptr<Process> process(
      new Process(std::move(launched), std::move(channel), clock, options));
  process->join_group(options);
  if (auto greeted = process->greet(options); !greeted.ok()) {
    const std::string ending = process->end();
    const bool no_namespaces =
        WIFEXITED(*process->ended_) && WEXITSTATUS(*process->ended_) == kExitNoNamespaces;
    return Error{
        no_namespaces ? ErrorCode::kUnsupported : ErrorCode::kInternal,
        fmt::format("a worker process did not start: {} ({})", greeted.error().message, ending)};
  }
  return process;
}

// It waits for the first frame: of what it will use, nothing is in use.
void Process::join_group(const Options& options) {
  if (options.group_folder.empty()) return;
  auto group = isolation::join_group(options.group_folder, id_, {options.memory_bytes_max});
  if (group.ok()) {
    group_ = *std::move(group);
  } else {
    group_failure_ = group.error().message;
  }
}

Status Process::greet(const Options& options) {
  const uint64_t until_ns = clock_.monotonic_ns() + kStartNs;
  const Channel::OnWait in_time = [&]() -> Status {
    if (clock_.monotonic_ns() < until_ns) return success();
    return Error{ErrorCode::kBusy, "it did not become ready in time"};
  };
  const bool in_namespaces = options.namespaces == Namespaces::kOwn;
  TR_TRY(channel_.send(encode(Setup{options.memory_bytes_max, in_namespaces}), in_time));
  TR_ASSIGN(const ByteView rest, channel_.receive(in_time));
  TR_ASSIGN(FromWorker message, decode_from_worker(rest));
  auto* hello = std::get_if<Hello>(&message);
  if (hello == nullptr) return Error{ErrorCode::kMalformed, "it did not say hello"};
  measures_.bits = hello->measures;
  if (!group_.empty()) measures_.add(Measure::kGroup);
  engine_ = std::move(hello->engine);
  return success();
}

Process::~Process() { end(); }

// Its whole size, what is resident of it, and how much of that is shared come first, in pages.
uint64_t Process::memory_bytes() const {
  std::array<char, 256> text{};
  const ssize_t got = pread(statm_.get(), text.data(), text.size(), 0);
  const char* at = text.data();
  const char* const end = at + std::max<ssize_t>(got, 0);
  std::array<uint64_t, 3> pages{};
  for (uint64_t& count : pages) {
    const auto read = std::from_chars(at, end, count);
    if (read.ec != std::errc()) return 0;
    at = read.ptr + (read.ptr < end ? 1 : 0);
  }
  const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t resident = pages[1] * page_bytes;
  return resident - std::min({resident, pages[2] * page_bytes, kSharedBytes});
}

void Process::end_now() const {
  if (handle_.valid()) syscall(SYS_pidfd_send_signal, handle_.get(), SIGKILL, nullptr, 0);
}

bool Process::has_ended() {
  int status = 0;
  if (!ended_ && waitpid(id_, &status, WNOHANG) == id_) ended_ = status;
  return ended_.has_value();
}

// Kills it if it is still there, and says how it ended.
std::string Process::end() {
  if (!has_ended()) {
    kill(id_, SIGKILL);
    int status = 0;
    while (waitpid(id_, &status, 0) < 0 && errno == EINTR) continue;
    ended_ = status;
  }
  if (!group_.empty()) remove_group(std::exchange(group_, {}));
  if (WIFEXITED(*ended_)) return fmt::format("it ended with exit code {}", WEXITSTATUS(*ended_));
  return fmt::format("it was ended by signal {} ({})", WTERMSIG(*ended_),
                     strsignal(WTERMSIG(*ended_)));
}

void Process::break_off(Broken::How how, const std::string& message) {
  end();
  broken_ = {how, message};
}

void Process::break_off_ended() {
  // It is ending, if it has not.
  for (int looks = 0; !has_ended() && looks < 100; ++looks) usleep(1000);
  const std::string ending = end();
  const int signal = WIFSIGNALED(*ended_) ? WTERMSIG(*ended_) : 0;
  if (signal == SIGKILL) {
    broken_ = {Broken::How::kKilled, ending + ", most likely because memory had run out"};
  } else if (signal == SIGSYS) {
    broken_ = {Broken::How::kCrashed, ending + ": it tried a system call that no guest needs"};
  } else {
    broken_ = {Broken::How::kCrashed, ending};
  }
}

Result<compute::Answer> Process::run(const Work& work) {
  Course course({channel_, clock_, cancel_.get(), ++numbers_, compile_ns_max_, run_put_bytes_max_},
                work);
  auto answer = course.follow();
  if (answer.ok()) return answer;
  switch (course.fault()) {
    case Course::Fault::kNone:
      break;
    case Course::Fault::kGone:
      break_off_ended();
      break;
    case Course::Fault::kLate:
      break_off(Broken::How::kHung, answer.error().message);
      break;
    case Course::Fault::kLie:
      break_off(Broken::How::kLied, answer.error().message);
      break;
    case Course::Fault::kCompiledTooLong:
      break_off(Broken::How::kCompiled, answer.error().message);
      break;
    case Course::Fault::kGivenUp:
      break_off(Broken::How::kGivenUp, answer.error().message);
      break;
  }
  return answer;
}

}  // namespace timerose::isolation
