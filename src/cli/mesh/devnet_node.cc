#include "cli/mesh/devnet_node.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/bytes.h"
#include "cli/program/exit_codes.h"
#include "cli/program/version.h"
#include "node/daemon/local_socket.h"

namespace timerose::cli {
namespace {

// Longest output of a command that a node is asked to carry out.
constexpr size_t kAnswerBytesMax = 16U << 20;

// In the child: becomes `timerose --repo-dir REPOSITORY node start`.
[[noreturn]] void become_node(const std::string& repository, int output) {
  dup2(output, STDOUT_FILENO);
  const std::array<const char*, 6> words{"timerose", "--repo-dir", repository.c_str(),
                                         "node",     "start",      "--end-with-parent"};
  std::array<char*, words.size() + 1> arguments{};
  for (size_t i = 0; i < words.size(); ++i) arguments[i] = const_cast<char*>(words[i]);
  execv("/proc/self/exe", arguments.data());
  _exit(kExitNotRunnable);
}

Result<std::string> read_from_start(const FileDescriptor& file) {
  std::string text;
  std::array<uint8_t, 4096> piece{};
  while (text.size() < kAnswerBytesMax) {
    const ssize_t got =
        pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (got < 0) return errno_error(errno, "reading a node's answer");
    if (got == 0) break;
    text += as_text(ByteView(piece).first(static_cast<size_t>(got)));
  }
  return text;
}

}  // namespace

Result<DevnetNode> DevnetNode::start(std::string name, const std::filesystem::path& repository) {
  DevnetNode node(std::move(name), repository);
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error(errno, "making a pipe");
  node.output_ = FileDescriptor(ends[0]);
  const FileDescriptor writing(ends[1]);
  node.process_ = fork();
  if (node.process_ < 0) return errno_error(errno, "starting a process");
  if (node.process_ == 0) become_node(repository.string(), writing.get());
  return node;
}

Status DevnetNode::wait_until_ready() {
  std::string text;
  std::array<uint8_t, 4096> piece{};
  while (!text.ends_with("ready\n")) {
    const ssize_t got = read(output_.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return Error{ErrorCode::kIo, name_ + " ended before it was ready (its error is above)"};
    }
    text += as_text(ByteView(piece).first(static_cast<size_t>(got)));
  }
  for (size_t from = 0; from < text.size();) {
    const size_t end = text.find('\n', from);
    const std::string line = text.substr(from, end - from);
    if (line.starts_with("PeerID: ")) peer_id_ = line.substr(8);
    if (line.starts_with("Address: ")) addresses_.push_back(line.substr(9));
    from = end + 1;
  }
  return success();
}

Result<std::string> DevnetNode::ask(const std::vector<std::string>& words) const {
  const FileDescriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const FileDescriptor out(memfd_create("out", MFD_CLOEXEC));
  const FileDescriptor err(memfd_create("err", MFD_CLOEXEC));
  if (!nothing.valid() || !out.valid() || !err.valid()) {
    return errno_error(errno, "asking " + name_);
  }
  TR_ASSIGN(const FileDescriptor connection, node::connect_to_daemon(repository_));
  if (!connection.valid()) return Error{ErrorCode::kNotFound, name_ + " has ended"};
  TR_TRY(node::send_request(connection.get(), version_number(), words,
                            {nothing.get(), out.get(), err.get()}));
  TR_ASSIGN(const node::LocalReply reply, node::receive_reply(connection.get()));
  if (reply.refused) return Error{ErrorCode::kBusy, reply.text};
  if (reply.exit_code == kExitSuccess) return read_from_start(out);
  TR_ASSIGN(const std::string complaint, read_from_start(err));
  return Error{ErrorCode::kIo, fmt::format("{}: {}", name_, complaint)};
}

bool DevnetNode::running() {
  if (process_ != 0 && waitpid(process_, nullptr, WNOHANG) == process_) process_ = 0;
  return process_ != 0;
}

void DevnetNode::end() const {
  if (process_ != 0) kill(process_, SIGTERM);
}

void DevnetNode::wait_for_end() {
  while (process_ != 0 && waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = 0;
}

}  // namespace timerose::cli
