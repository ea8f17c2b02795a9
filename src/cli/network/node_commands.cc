// timerose node start|stop|status: the daemon of a repository.
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "cli/network/own_addresses.h"
#include "cli/program/detached.h"
#include "cli/program/grammar.h"
#include "cli/program/node_process.h"
#include "node/daemon/daemon.h"

namespace timerose::cli {
namespace {

struct StartOptions {
  bool detach = false;
  bool end_with_parent = false;
};

Status end_with_parent() {
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return errno_error(errno, "asking for a signal");
  if (getppid() != 1) return success();
  return Error{ErrorCode::kCancelled, "the process that started this node has ended already"};
}

Result<int> start(Session& session, const StartOptions& options) {
  if (options.end_with_parent) TR_TRY(end_with_parent());
  if (!options.detach) {
    return run_node(session, [&](const std::string& report) -> Status {
      TR_TRY(session.out().write(report));
      return session.out().flush();
    });
  }
  TR_TRY(session.repository());  // the folder of the log
  TR_ASSIGN(Detached detached, detach(session.repository_path() / "node.log"));
  if (detached.is_parent()) {
    TR_ASSIGN(const std::string report, detached.wait_for_report());
    TR_TRY(session.out().write(report));
    return kExitSuccess;
  }
  auto code = run_node(session, [&](const std::string& text) { return detached.report(text); });
  if (!code.ok()) (void)detached.report_failure(code.error().message);
  return code;
}

void add_start(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<StartOptions>();
  CLI::App* command = add_command(
      grammar, group, "start",
      {"Run this repository's node: other nodes reach it, and commands use it",
       "  timerose node start             until ctrl-C or `timerose node stop`\n"
       "  timerose node start --detach    in the background; its log is node.log in the "
       "repository\n"
       "  timerose config set Addresses.Listen lan    before it: reachable in the local network"},
      [options](Session& session) { return start(session, *options); });
  grammar.own_commands.push_back(command);
  command->add_flag("-d,--detach", options->detach,
                    "Return once it is ready, and leave it running");
  command->add_flag("--end-with-parent", options->end_with_parent,
                    "End when the process that started it does");
}

Error no_node(const Session& session) {
  return {ErrorCode::kNotFound,
          fmt::format("no node runs for {}", session.repository_path().string())};
}

void add_stop(Grammar& grammar, CLI::App& group) {
  add_command(
      grammar, group, "stop",
      {"End the node of this repository; returns once it has ended", "  timerose node stop"},
      [&grammar](Session& session) -> Result<int> {
        if (session.daemon() == nullptr) return no_node(session);
        grammar.stops_node = true;
        session.daemon()->stop();
        return kExitSuccess;
      });
}

// "pinned; 12 announced, 1 under way, 3 wait, 0 failed; 4097 blocks listed, 99.9 % of ..."
std::string describe(const node::ProvideStat& stat) {
  std::string text = node::provide_strategy_name(stat.strategy);
  const exchange::ProviderStat& done = stat.provider;
  text += fmt::format("; {} announced, {} under way, {} wait, {} failed", done.announced,
                      done.in_flight, done.waiting, done.failed);
  if (done.left_out > 0) text += fmt::format(", {} left to the sweep", done.left_out);
  if (stat.strategy == node::ProvideStrategy::kNone) return text;
  const uint64_t behind_ns = stat.now_ns - std::min(stat.now_ns, done.swept_until_ns);
  const double swept = 100.0 - 100.0 * static_cast<double>(std::min(behind_ns, stat.interval_ns)) /
                                   static_cast<double>(stat.interval_ns);
  text += fmt::format("; {} blocks listed, {:.1f} % of the sweep up to date", done.blocks, swept);
  if (done.needs_peer) text += "; waits for a peer of the DHT";
  if (!done.failure.empty()) text += "; the blocks could not be listed: " + done.failure;
  return text;
}

Result<int> status(Session& session) {
  node::Daemon* daemon = session.daemon();
  if (daemon == nullptr) return no_node(session);
  node::Network& network = daemon->network();
  TR_ASSIGN(const auto addresses, own_addresses(network));
  TR_ASSIGN(const auto peers, network.peers());
  TR_ASSIGN(const node::ProvideStat provided, network.provide_stat());
  const uint64_t running_s =
      (session.clock().monotonic_ns() - daemon->started_ns()) / 1'000'000'000;
  Output& out = session.out();
  TR_TRY(out.line("PeerID:     " + network.self().to_string()));
  TR_TRY(out.line("Repository: " + session.repository_path().string()));
  TR_TRY(out.line(fmt::format("Process:    {}", getpid())));
  TR_TRY(out.line(fmt::format("Running:    {} s", running_s)));
  TR_TRY(out.line(fmt::format("Peers:      {}", peers.size())));
  TR_TRY(out.line(fmt::format("Commands:   {}", daemon->commands_running() - 1)));  // but this one
  TR_TRY(out.line("Provides:   " + describe(provided)));
  TR_TRY(out.line("Isolation:  " + daemon->isolation().describe()));
  for (const std::string& address : addresses) TR_TRY(out.line("Address:    " + address));
  if (const std::string url = daemon->gateway_url(); !url.empty()) {
    TR_TRY(out.line("Gateway:    " + url));
  }
  return kExitSuccess;
}

}  // namespace

void add_node_commands(Grammar& grammar) {
  CLI::App* group = add_group(grammar.root, "node", "Start and stop this repository's node");
  group->group("Network");
  add_start(grammar, *group);
  add_stop(grammar, *group);
  add_command(grammar, *group, "status",
              {"Show whether the node runs, where it listens and how many peers it has",
               "  timerose node status"},
              status);
}

}  // namespace timerose::cli
