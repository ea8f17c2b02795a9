#include "isolation/launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace timerose::isolation {
namespace {

constexpr unsigned long kOwnNamespaces =
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
// The descriptors of the child are moved above these numbers before they are put in their places.
constexpr int kAbove = 10;

// All that the child needs, made before it is: between clone and exec it may only call the kernel,
// since other threads of this process may have held any lock.
struct Child {
  int program;
  int channel;
  int cancel;
  int nothing;  // /dev/null
  std::string user_map;
  std::string group_map;
  std::vector<char*> arguments;  // ended by null
  bool in_namespaces;
};

bool write_file(const char* path, std::string_view text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t written = write(file, text.data(), text.size());
  close(file);
  return written == static_cast<ssize_t>(text.size());
}

// Its user is root inside, and the user of this process outside.
bool map_user(const Child& child) {
  return write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/uid_map", child.user_map) &&
         write_file("/proc/self/gid_map", child.group_map);
}

// `from` is not one of the low numbers.
bool place(int from, int to) { return dup2(from, to) == to; }

bool raise_number(int& descriptor) {
  descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, kAbove);
  return descriptor >= 0;
}

[[noreturn]] void become(Child& child) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (child.in_namespaces && !map_user(child)) _exit(kExitNoNamespaces);
  const bool placed =
      raise_number(child.program) && raise_number(child.channel) && raise_number(child.cancel) &&
      raise_number(child.nothing) && place(child.nothing, STDIN_FILENO) &&
      place(child.nothing, STDOUT_FILENO) && place(child.nothing, STDERR_FILENO) &&
      place(child.channel, kChannelDescriptor) && place(child.cancel, kCancelDescriptor) &&
      syscall(SYS_close_range, kCancelDescriptor + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
  char* const no_environment = nullptr;
  if (placed) {
    syscall(SYS_execveat, child.program, "", child.arguments.data(), &no_environment,
            AT_EMPTY_PATH);
  }
  _exit(kExitNoProgram);
}

Result<pid_t> start(Child& child) {
  const unsigned long flags = SIGCHLD | (child.in_namespaces ? kOwnNamespaces : 0);
  const long process = syscall(SYS_clone, flags, nullptr, nullptr, nullptr, nullptr);
  if (process == 0) become(child);
  if (process > 0) return static_cast<pid_t>(process);
  const int failure = errno;
  Error error = errno_error(failure, "starting a worker process");
  if (child.in_namespaces) error.code = ErrorCode::kUnsupported;
  return error;
}

Result<FileDescriptor> opened(const char* path, int flags) {
  FileDescriptor file(open(path, flags | O_CLOEXEC));
  if (!file.valid()) return errno_error(errno, std::string("opening ") + path);
  return file;
}

}  // namespace

Result<Launched> launch(const Program& program, Namespaces namespaces) {
  std::array<int, 2> sockets{-1, -1};
  std::array<int, 2> pipe{-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    return errno_error(errno, "making a channel to a worker process");
  }
  Launched launched;
  launched.channel = FileDescriptor(sockets[0]);
  const FileDescriptor its_channel(sockets[1]);
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return errno_error(errno, "making a pipe to a worker process");
  }
  const FileDescriptor its_cancel(pipe[0]);
  launched.cancel = FileDescriptor(pipe[1]);
  if (fcntl(launched.cancel.get(), F_SETFL, O_NONBLOCK) != 0) {
    return errno_error(errno, "making a pipe to a worker process");
  }
  TR_ASSIGN(const FileDescriptor nothing, opened("/dev/null", O_RDWR));
  FileDescriptor own;
  if (program.descriptor < 0) {
    TR_ASSIGN(own, opened("/proc/self/exe", O_PATH));
  }
  Child child{program.descriptor < 0 ? own.get() : program.descriptor,
              its_channel.get(),
              its_cancel.get(),
              nothing.get(),
              fmt::format("0 {} 1", geteuid()),
              fmt::format("0 {} 1", getegid()),
              {},
              namespaces == Namespaces::kOwn};
  std::vector<std::string> arguments = program.arguments;
  for (std::string& argument : arguments) child.arguments.push_back(argument.data());
  child.arguments.push_back(nullptr);
  TR_ASSIGN(launched.process, start(child));
  return launched;
}

}  // namespace timerose::isolation
