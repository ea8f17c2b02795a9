#include "cli/program/node_process.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "base/file.h"
#include "cli/network/own_addresses.h"
#include "cli/program/daemon_client.h"
#include "cli/program/exit_codes.h"
#include "cli/program/version.h"

namespace timerose::cli {
namespace {

// The signals that end a node become readable; threads made later do not take them either.
Result<FileDescriptor> take_ending_signals() {
  // Clients may stop reading; that ends their command, not the node.
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, one);
  if (const int failure = pthread_sigmask(SIG_BLOCK, &signals, nullptr); failure != 0) {
    return errno_error(failure, "blocking signals");
  }
  FileDescriptor readable(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!readable.valid()) return errno_error(errno, "waiting for signals");
  return readable;
}

// Blocks come and go in thousands, and memory that the system takes back is cleared each time.
void keep_freed_memory() {
  constexpr int kFromHeapBytesMax = 8 << 20;
  constexpr int kKeptBytesMax = 32 << 20;
  mallopt(M_MMAP_THRESHOLD, kFromHeapBytesMax);
  mallopt(M_TRIM_THRESHOLD, kKeptBytesMax);
}

Result<std::string> describe(node::Daemon& daemon) {
  TR_ASSIGN(const auto addresses, own_addresses(daemon.network()));
  std::string text = fmt::format("PeerID: {}\n", daemon.network().self().to_string());
  for (const std::string& address : addresses) text += fmt::format("Address: {}\n", address);
  if (const std::string url = daemon.gateway_url(); !url.empty()) text += "Gateway: " + url + "\n";
  return text + "ready\n";
}

// What commands that do not end still use cannot be taken away from them.
[[noreturn]] void end_in_spite_of_commands(node::Daemon& daemon) {
  if (auto database = daemon.repository().database(); database.ok()) (void)(*database)->flush();
  complain({}, "some commands did not end in time; what they had not made durable is lost");
  std::_Exit(kExitFailure);
}

}  // namespace

Result<int> run_node(Session& session, const std::function<Status(const std::string&)>& report) {
  keep_freed_memory();
  TR_ASSIGN(const FileDescriptor signals, take_ending_signals());
  TR_ASSIGN(auto daemon, node::Daemon::start(
                             session.repository_path(), {session.clock(), session.random()},
                             {version_number(), "timerose/" + version_number(),
                              [&](node::Daemon& running, const node::LocalRequest& request,
                                  const CancelFlag& cancelled) {
                                return carry_out_for_client(running, session.clock(),
                                                            session.random(), request, cancelled);
                              }}));
  TR_ASSIGN(const std::string description, describe(*daemon));
  TR_TRY(report(description));
  if (!daemon->serve(signals.get())) end_in_spite_of_commands(*daemon);
  return kExitSuccess;
}

}  // namespace timerose::cli
