#include "cli/remote_run.h"

#include "node/daemon.h"
#include "node/peer_address.h"
#include "node/remote_call.h"
#include "node/trust_records.h"

namespace timerose::cli {
namespace {

// What is read of the answer later is asked of the executor first.
void read_from(Session& session, const mesh::PeerAddresses& executor) {
  Fetching fetching = session.fetching();
  fetching.providers.push_back(executor);
  session.set_fetching(std::move(fetching));
}

Status remember_if_trusted(node::Repository& repository, const node::Network& network,
                           const PeerId& executor, const compute::Invocation& invocation,
                           const compute::Answer& answer) {
  TR_ASSIGN(const auto trust, node::load_trust(repository.records(), network.self()));
  if (!trust.has(executor, scheduler::execute::Role::kExecutor)) return success();
  return node::remember(repository, invocation, answer);
}

}  // namespace

Result<int> run_at(Session& session, const std::string& peer, compute::Request request,
                   wasm::Abi abi, Show show) {
  auto target = node::parse_peer(peer);
  if (!target.ok()) return std::move(target).error().within("--at");
  TR_ASSIGN(auto* network, session.network());
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto* store, session.blockstore());
  node::Ask reach;
  reach.cancel = session.streams().cancelled;
  if (request.deadline_ms != 0) reach.timeout_ms = std::min(reach.timeout_ms, request.deadline_ms);
  TR_TRY(network->connect(*target, node::Stay::kWhileUsed, reach));

  request.on_write = show_while_running(session.streams(), show);
  const node::RemoteCall call(std::move(request));
  node::Seen seen;
  TR_ASSIGN(const auto answer,
            node::call_at(*network, *store, target->peer, call, session.streams().cancelled, seen));
  if (answer.outcome) {
    TR_TRY(
        remember_if_trusted(*repository, *network, target->peer, call.request.invocation, answer));
  }
  read_from(session, *target);
  TR_TRY(show_answer(session, answer, abi, show, seen));
  return exit_code_of(answer);
}

}  // namespace timerose::cli
