// timerose bitswap stat|ledger|wantlist: what is exchanged with other nodes.
#include <fmt/format.h>

#include "base/units.h"
#include "cli/program/grammar.h"
#include "node/network/network.h"
#include "node/network/peer_address.h"

namespace timerose::cli {
namespace {

// Of what was received, what came over HTTP, and from where.
Status print_http(Output& out, const std::vector<exchange::SourceStat>& sources) {
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  for (const exchange::SourceStat& source : sources) {
    blocks += source.blocks;
    bytes += source.bytes;
  }
  TR_TRY(out.line(fmt::format("\tof these, blocks over HTTP: {}", blocks)));
  TR_TRY(out.line(fmt::format("\tof these, data over HTTP: {}", bytes)));
  for (const exchange::SourceStat& source : sources) {
    TR_TRY(out.line(fmt::format(
        "\t\t{} {} blocks, {}, {:.1f} ms, {}/s, {} missing, {} failures{}{}", source.name,
        source.blocks, format_bytes(source.bytes), static_cast<double>(source.latency_ns) / 1e6,
        format_bytes(source.bytes_per_second), source.missing, source.failures,
        source.bad_blocks == 0 ? "" : fmt::format(", {} bad blocks", source.bad_blocks),
        source.avoided ? ", left alone for a while" : "")));
  }
  return success();
}

Status print_partners(Output& out, const exchange::ExchangeStat& stat) {
  TR_TRY(out.line(fmt::format("\tpartners asked [{}]", stat.asked.size())));
  for (const bitswap::ClientPeerStat& peer : stat.asked) {
    TR_TRY(out.line(
        fmt::format("\t\t{} {} blocks, {}, {:.1f} ms, {}/s{}", peer.peer.to_string(), peer.blocks,
                    format_bytes(peer.bytes), static_cast<double>(peer.latency_ns) / 1e6,
                    format_bytes(peer.bytes_per_second),
                    peer.bad_blocks == 0 ? "" : fmt::format(", {} bad blocks", peer.bad_blocks))));
  }
  TR_TRY(out.line(fmt::format("\tpartners served [{}]", stat.served.size())));
  for (const bitswap::Ledger& peer : stat.served) {
    TR_TRY(
        out.line(fmt::format("\t\t{} {} blocks, {}, {} wants wait", peer.peer.to_string(),
                             peer.blocks_sent, format_bytes(peer.bytes_sent), peer.wants_waiting)));
  }
  return success();
}

Result<int> stat(Session& session, bool verbose) {
  TR_ASSIGN(auto* network, session.network());
  const exchange::ExchangeStat stat = network->exchange().stat();
  Output& out = session.out();
  TR_TRY(out.line("bitswap status"));
  TR_TRY(out.line(fmt::format("\tblocks received: {}", stat.blocks_received)));
  TR_TRY(out.line(fmt::format("\tblocks sent: {}", stat.blocks_sent)));
  TR_TRY(out.line(fmt::format("\tdata received: {}", stat.bytes_received)));
  TR_TRY(out.line(fmt::format("\tdata sent: {}", stat.bytes_sent)));
  TR_TRY(out.line(fmt::format("\tdup blocks received: {}", stat.duplicate_blocks)));
  TR_TRY(out.line(fmt::format("\tdup data received: {}", stat.duplicate_bytes)));
  TR_TRY(out.line(fmt::format("\tbad blocks received: {}", stat.bad_blocks)));
  TR_TRY(print_http(out, stat.http));
  TR_TRY(out.line(fmt::format("\twantlist [{} keys]", stat.wantlist.size())));
  for (const Cid& cid : stat.wantlist) TR_TRY(out.line("\t\t" + cid.to_string()));
  if (verbose) TR_TRY(print_partners(out, stat));
  return kExitSuccess;
}

Result<int> ledger(Session& session, const std::string& text) {
  TR_ASSIGN(auto* network, session.network());
  TR_ASSIGN(const auto named, node::parse_peer(text));
  const exchange::ExchangeStat stat = network->exchange().stat();
  bitswap::Ledger sent{named.peer};
  bitswap::ClientPeerStat received{named.peer};
  for (const auto& peer : stat.served) {
    if (peer.peer == named.peer) sent = peer;
  }
  for (const auto& peer : stat.asked) {
    if (peer.peer == named.peer) received = peer;
  }
  // As Kubo counts it: what we gave for each byte we got.
  const double debt =
      static_cast<double>(sent.bytes_sent) / static_cast<double>(received.bytes + 1);
  Output& out = session.out();
  TR_TRY(out.line("Ledger for " + named.peer.to_string()));
  TR_TRY(out.line(fmt::format("Debt ratio:\t{:.6f}", debt)));
  TR_TRY(out.line(fmt::format("Exchanges:\t{}", sent.blocks_sent + received.blocks)));
  TR_TRY(out.line(fmt::format("Bytes sent:\t{}", sent.bytes_sent)));
  TR_TRY(out.line(fmt::format("Bytes received:\t{}", received.bytes)));
  TR_TRY(out.line(fmt::format("Wants waiting:\t{}", sent.wants_waiting)));
  TR_TRY(out.line(fmt::format("Wants refused:\t{}", sent.wants_refused)));
  return kExitSuccess;
}

Result<int> wantlist(Session& session) {
  TR_ASSIGN(auto* network, session.network());
  for (const Cid& cid : network->exchange().stat().wantlist) {
    TR_TRY(session.out().line(cid.to_string()));
  }
  return kExitSuccess;
}

}  // namespace

void add_bitswap_commands(Grammar& grammar) {
  CLI::App* group = add_group(grammar.root, "bitswap", "Blocks exchanged with other nodes");
  group->group("Network");
  auto verbose = std::make_shared<bool>(false);
  CLI::App* counts = add_command(grammar, *group, "stat",
                                 {"Count what was received and sent", "  timerose bitswap stat -v"},
                                 [verbose](Session& session) { return stat(session, *verbose); });
  counts->add_flag("-v,--verbose", *verbose, "Also each peer");
  auto peer = std::make_shared<std::string>();
  CLI::App* one = add_command(
      grammar, *group, "ledger",
      {"Show what passed between this node and a peer", "  timerose bitswap ledger 12D3KooW..."},
      [peer](Session& session) { return ledger(session, *peer); });
  add_word(*one, "PEER", *peer, "A PeerID");
  add_command(grammar, *group, "wantlist",
              {"List the blocks this node waits for", "  timerose bitswap wantlist"}, wantlist);
}

}  // namespace timerose::cli
