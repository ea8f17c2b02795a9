#include "cli/program/daemon_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cli/program/command_line.h"
#include "cli/program/version.h"
#include "node/daemon/local_socket.h"

namespace timerose::cli {
namespace {

// The reader of the output has gone: what would end a process of its own by a signal.
constexpr const char* kPipeBroke = "pipe broke";
// The daemon is about to end: the command has ended once it has.
constexpr const char* kStopping = "stopping";

// As far as the system tells when another process ends.
void wait_for_end(int process) {
  const FileDescriptor watched(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  if (!watched.valid()) return;
  pollfd one{watched.get(), POLLIN, 0};
  while (poll(&one, 1, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace

Result<std::optional<int>> carried_out_by_daemon(const std::filesystem::path& repository,
                                                 const std::vector<std::string>& words) {
  TR_ASSIGN(const FileDescriptor connection, node::connect_to_daemon(repository));
  if (!connection.valid()) return std::optional<int>();
  const Status sent = node::send_request(connection.get(), version_number(), words);
  // Who refuses does not wait for the request to be written: the reason is there all the same.
  if (!sent.ok()) shutdown(connection.get(), SHUT_WR);
  const auto received = node::receive_reply(connection.get());
  if (!received.ok()) return sent.ok() ? received.error() : sent.error();
  const node::LocalReply& reply = *received;
  if (reply.refused) return Error{ErrorCode::kBusy, reply.text};
  if (reply.text == kPipeBroke) std::raise(SIGPIPE);
  if (reply.text == kStopping) wait_for_end(node::peer_process(connection.get()));
  return std::optional(reply.exit_code);
}

node::LocalReply carry_out_for_client(node::Daemon& daemon, Clock& clock, Random& random,
                                      const node::LocalRequest& request,
                                      const CancelFlag& cancelled) {
  const node::ClientDescriptors& client = request.descriptors;
  const Streams streams{client.in.get(), client.out.get(), client.err.get(), &cancelled,
                        request.process};
  CommandLine line;
  if (const auto done = line.parse(request.words, streams)) return {false, *done, ""};
  Session session(clock, random, daemon, streams);
  const int code = line.carry_out(session);
  if (line.grammar.stops_node) return {false, code, kStopping};
  const bool broke = code != kExitSuccess && reader_has_gone(streams);
  return {false, code, broke ? kPipeBroke : ""};
}

}  // namespace timerose::cli
