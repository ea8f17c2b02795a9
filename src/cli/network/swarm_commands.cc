// timerose swarm, ping: connections with other nodes.
#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/printable.h"
#include "base/units.h"
#include "cli/network/asking.h"
#include "cli/network/own_addresses.h"
#include "cli/program/grammar.h"
#include "node/network/network.h"
#include "node/network/peer_address.h"

namespace timerose::cli {
namespace {

Status print_peer(Session& session, const node::ConnectedPeer& peer, bool verbose) {
  std::string line = node::format_peer(peer.address, peer.peer);
  if (verbose) {
    line += fmt::format(
        " {} {}s {}{}", peer.direction == mesh::Direction::kInbound ? "inbound" : "outbound",
        peer.connected_ns / 1'000'000'000, peer.agent.empty() ? "-" : printable_line(peer.agent),
        peer.wanted ? " wanted" : "");
  }
  return session.out().line(line);
}

void add_peers(Grammar& grammar, CLI::App& group) {
  auto verbose = std::make_shared<bool>(false);
  CLI::App* command =
      add_command(grammar, group, "peers",
                  {"List the peers there is a connection with", "  timerose swarm peers -v"},
                  [verbose](Session& session) -> Result<int> {
                    TR_ASSIGN(auto* network, session.network());
                    TR_ASSIGN(const auto peers, network->peers());
                    for (const auto& peer : peers) TR_TRY(print_peer(session, peer, *verbose));
                    return kExitSuccess;
                  });
  command->add_flag("-v,--verbose", *verbose,
                    "Also who connected, for how long, the program, and whether it is wanted");
}

void add_connect(Grammar& grammar, CLI::App& group) {
  auto peers = std::make_shared<std::vector<std::string>>();
  auto timeout = std::make_shared<std::string>();
  CLI::App* command = add_command(
      grammar, group, "connect",
      {"Connect to peers, and stay connected: over restarts too, until `swarm disconnect`",
       "  timerose swarm connect /ip4/192.168.1.7/tcp/4001/p2p/12D3KooW...\n"
       "  timerose swarm connect 12D3KooW...      asks the DHT for its addresses"},
      [peers, timeout](Session& session) -> Result<int> {
        TR_ASSIGN(auto* network, session.network());
        TR_ASSIGN(const node::Ask ask, ask_of(session, *timeout));
        for (const std::string& text : *peers) {
          TR_ASSIGN(const auto target, node::parse_peer(text));
          TR_TRY(network->connect(target, node::Stay::kAlways, ask));
          TR_TRY(session.out().line(fmt::format("connect {} success", target.peer.to_string())));
        }
        return kExitSuccess;
      });
  add_words(*command, "PEER", *peers, 1, "PeerIDs, or addresses that end with /p2p/PEERID");
  add_ask_options(*command, *timeout);
}

void add_disconnect(Grammar& grammar, CLI::App& group) {
  auto peers = std::make_shared<std::vector<std::string>>();
  CLI::App* command = add_command(
      grammar, group, "disconnect",
      {"End connections, and do not make them again", "  timerose swarm disconnect 12D3KooW..."},
      [peers](Session& session) -> Result<int> {
        TR_ASSIGN(auto* network, session.network());
        for (const std::string& text : *peers) {
          TR_ASSIGN(const auto target, node::parse_peer(text));
          TR_TRY(network->disconnect(target.peer));
          TR_TRY(session.out().line(fmt::format("disconnect {} success", target.peer.to_string())));
        }
        return kExitSuccess;
      });
  add_words(*command, "PEER", *peers, 1, "PeerIDs, or addresses that end with /p2p/PEERID");
}

void add_addrs(Grammar& grammar, CLI::App& group) {
  add_command(grammar, group, "addrs",
              {"List the addresses of this node, as other nodes' `swarm connect` takes them",
               "  timerose swarm addrs"},
              [](Session& session) -> Result<int> {
                TR_ASSIGN(auto* network, session.network());
                TR_ASSIGN(const auto addresses, own_addresses(*network));
                for (const std::string& address : addresses) TR_TRY(session.out().line(address));
                return kExitSuccess;
              });
}

Result<int> show_limits(Session& session) {
  TR_ASSIGN(auto* network, session.network());
  TR_ASSIGN(const auto peers, network->peers());
  const mesh::ConnectionLimits& limits = network->limits();
  Output& out = session.out();
  TR_TRY(out.line(fmt::format("Peers:                  {}", peers.size())));
  TR_TRY(out.line(fmt::format("Connections.Low:        {}", limits.low)));
  TR_TRY(out.line(fmt::format("Connections.High:       {}", limits.high)));
  TR_TRY(out.line(fmt::format("Connections.OfAddress:  {}", limits.of_address_max)));
  TR_TRY(out.line(fmt::format("Connections.OfSubnet:   {}", limits.of_subnet_max)));
  return kExitSuccess;
}

struct PingOptions {
  std::string peer;
  std::string count = "10";
  std::string timeout;
};

Status wait_a_second(const Session& session) {
  constexpr int kSteps = 10;
  for (int i = 0; i < kSteps; ++i) {
    TR_TRY(check_not_cancelled(session.streams()));
    std::this_thread::sleep_for(std::chrono::milliseconds(1000 / kSteps));
  }
  return success();
}

Result<int> ping(Session& session, const PingOptions& options) {
  TR_ASSIGN(auto* network, session.network());
  TR_ASSIGN(const auto target, node::parse_peer(options.peer));
  TR_ASSIGN(const uint64_t count, parse_count(options.count));
  TR_ASSIGN(const node::Ask ask, ask_of(session, options.timeout));
  Output& out = session.out();
  TR_TRY(out.line(fmt::format("PING {}.", target.peer.to_string())));
  TR_TRY(network->connect(target, node::Stay::kWhileUsed, ask));
  double sum_ms = 0;
  for (uint64_t i = 0; i < count; ++i) {
    if (i > 0) TR_TRY(wait_a_second(session));
    TR_ASSIGN(const uint64_t round_trip_ns, network->ping(target.peer, ask));
    const double ms = static_cast<double>(round_trip_ns) / 1e6;
    sum_ms += ms;
    TR_TRY(out.line(fmt::format("Pong received: time={:.2f} ms", ms)));
    TR_TRY(out.flush());
  }
  if (count > 0) {
    TR_TRY(out.line(fmt::format("Average latency: {:.2f}ms", sum_ms / static_cast<double>(count))));
  }
  return kExitSuccess;
}

void add_ping(Grammar& grammar) {
  auto options = std::make_shared<PingOptions>();
  CLI::App* command =
      add_command(grammar, grammar.root, "ping",
                  {"Measure the way to a peer and back", "  timerose ping -n 3 12D3KooW..."},
                  [options](Session& session) { return ping(session, *options); });
  command->group("Network");
  add_word(*command, "PEER", options->peer, "A PeerID, or an address that ends with /p2p/PEERID");
  add_text(*command, "-n,--count", options->count, "How often (default: 10), once a second")
      ->type_name("N");
  add_ask_options(*command, options->timeout);
}

}  // namespace

void add_swarm_commands(Grammar& grammar) {
  CLI::App* group = add_group(grammar.root, "swarm", "Connections with other nodes");
  group->group("Network");
  add_peers(grammar, *group);
  add_connect(grammar, *group);
  add_disconnect(grammar, *group);
  add_addrs(grammar, *group);
  add_command(grammar, *group, "limits",
              {"Show how many connections the node keeps", "  timerose swarm limits"}, show_limits);
  add_ping(grammar);
}

}  // namespace timerose::cli
