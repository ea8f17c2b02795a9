// timerose routing findprovs|findpeer|provide|reprovide: who has what, and where they are.
#include <fmt/format.h>

#include "base/units.h"
#include "cli/content/content.h"
#include "cli/network/asking.h"
#include "cli/program/grammar.h"
#include "node/network/network.h"
#include "node/network/peer_address.h"

namespace timerose::cli {
namespace {

struct FindOptions {
  std::string cid;
  std::string count = "20";
  bool verbose = false;
  std::string timeout;
};

Result<int> find_providers(Session& session, const FindOptions& options) {
  TR_ASSIGN(auto* network, session.network());
  TR_ASSIGN(const Cid cid, resolve_path(session, options.cid));
  TR_ASSIGN(const uint64_t count, parse_count(options.count));
  TR_ASSIGN(const node::Ask ask, ask_of(session, options.timeout));
  const auto print = [&](const mesh::PeerAddresses& provider) -> Status {
    TR_TRY(session.out().line(provider.peer.to_string()));
    if (options.verbose) {
      for (const auto& address : provider.addresses) TR_TRY(session.out().line("\t" + address));
    }
    return session.out().flush();
  };
  const auto count_max = static_cast<uint32_t>(std::min<uint64_t>(count, UINT32_MAX));
  TR_TRY(network->find_providers(cid, count_max, print, ask));
  return kExitSuccess;
}

void add_findprovs(Grammar& grammar, CLI::App& group) {
  auto options = std::make_shared<FindOptions>();
  CLI::App* command =
      add_command(grammar, group, "findprovs",
                  {"Ask the DHT who has a block", "  timerose routing findprovs -n 3 -v CID"},
                  [options](Session& session) { return find_providers(session, *options); });
  add_word(*command, "CID", options->cid, "A CID or CID/path");
  add_text(*command, "-n,--num-providers", options->count, "Stop after so many (default: 20)")
      ->type_name("N");
  command->add_flag("-v,--verbose", options->verbose, "Also their addresses");
  add_ask_options(*command, options->timeout);
}

void add_findpeer(Grammar& grammar, CLI::App& group) {
  auto peer = std::make_shared<std::string>();
  auto timeout = std::make_shared<std::string>();
  CLI::App* command = add_command(
      grammar, group, "findpeer",
      {"Ask the DHT for the addresses of a peer", "  timerose routing findpeer 12D3Koo..."},
      [peer, timeout](Session& session) -> Result<int> {
        TR_ASSIGN(auto* network, session.network());
        TR_ASSIGN(const auto wanted, node::parse_peer(*peer));
        TR_ASSIGN(const node::Ask ask, ask_of(session, *timeout));
        TR_ASSIGN(const auto found, network->find_peer(wanted.peer, ask));
        for (const auto& address : found.addresses) {
          TR_TRY(session.out().line(address));
        }
        return kExitSuccess;
      });
  add_word(*command, "PEER", *peer, "A PeerID");
  add_ask_options(*command, *timeout);
}

void add_provide(Grammar& grammar, CLI::App& group) {
  auto cids = std::make_shared<std::vector<std::string>>();
  auto timeout = std::make_shared<std::string>();
  CLI::App* command =
      add_command(grammar, group, "provide",
                  {"Tell the DHT that this node has blocks", "  timerose routing provide CID"},
                  [cids, timeout](Session& session) -> Result<int> {
                    TR_ASSIGN(auto* network, session.network());
                    TR_ASSIGN(auto* store, session.blockstore(Access::kReadOnly));
                    TR_ASSIGN(const node::Ask ask, ask_of(session, *timeout));
                    for (const std::string& text : *cids) {
                      TR_ASSIGN(const Cid cid, resolve_path(session, text));
                      TR_TRY(store->size(cid));  // only what is here
                      TR_ASSIGN(const uint32_t asked, network->provide(cid, ask));
                      TR_TRY(session.out().line(
                          fmt::format("provided {} ({} peers asked)", cid.to_string(), asked)));
                    }
                    return kExitSuccess;
                  });
  add_words(*command, "CID", *cids, 1, "CIDs or CID/path of blocks that are here");
  add_ask_options(*command, *timeout);
}

void add_reprovide(Grammar& grammar, CLI::App& group) {
  add_command(grammar, group, "reprovide",
              {"Tell the DHT again of everything this node announces (setting Provide.Strategy); "
               "`node status` shows how far it is",
               "  timerose routing reprovide"},
              [](Session& session) -> Result<int> {
                TR_ASSIGN(auto* network, session.network());
                TR_ASSIGN(const bool begun, network->reprovide());
                if (begun) return kExitSuccess;
                return Error{ErrorCode::kInvalidArgument,
                             "Provide.Strategy is none, so nothing is announced; change it by "
                             "`timerose config set Provide.Strategy pinned` and start the node "
                             "again"};
              });
}

}  // namespace

void add_routing_commands(Grammar& grammar) {
  CLI::App* group = add_group(grammar.root, "routing", "Ask the DHT who has what, and tell it");
  group->group("Network");
  add_findprovs(grammar, *group);
  add_findpeer(grammar, *group);
  add_provide(grammar, *group);
  add_reprovide(grammar, *group);
}

}  // namespace timerose::cli
