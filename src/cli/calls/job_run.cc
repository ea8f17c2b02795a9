#include "cli/calls/job_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "cli/calls/explanation_table.h"
#include "cli/calls/job_watch.h"
#include "cli/mesh/authority_commands.h"
#include "cli/program/exit_codes.h"
#include "ipld/dag_json.h"
#include "node/daemon/daemon.h"

namespace timerose::cli {
namespace {

using scheduler::jobs::How;
using scheduler::jobs::Where;

// What is read of the answer later is asked of the executor first.
void read_from(Session& session, const PeerId& executor) {
  Fetching fetching = session.fetching();
  fetching.providers.push_back({executor, {}});
  session.set_fetching(std::move(fetching));
}

Status reach(Session& session, node::Network& network, const mesh::PeerAddresses& peer,
             uint64_t deadline_ms) {
  node::Ask ask;
  ask.cancel = session.streams().cancelled;
  if (deadline_ms != 0) ask.timeout_ms = std::min(ask.timeout_ms, deadline_ms);
  return network.connect(peer, node::Stay::kWhileUsed, ask);
}

Result<node::JobAsk> ask_of(Session& session, node::Network& network, const JobWish& wish,
                            const compute::Request& request) {
  TR_ASSIGN(auto* store, session.blockstore());
  TR_ASSIGN(node::JobAsk ask, node::make_job_ask(request, *store, network.exchange()));
  const auto given = ask.options;
  ask.options = wish.options;
  ask.options.deadline_ms = given.deadline_ms;
  ask.options.fresh = given.fresh;
  ask.detached = wish.detach;
  if (!wish.authority.empty()) {
    TR_ASSIGN(ask.offer.authority, read_tokens(session.streams(), wish.authority));
  }
  return ask;
}

Status show_explanation(Session& session, const node::JobEnd& end, bool is_all, Show show) {
  if (!end.explanation || (!is_all && show == Show::kJson)) return success();
  std::string text = explanation_table(*end.explanation);
  if (show == Show::kJson) {
    TR_ASSIGN(text, dag_json::encode(end.explanation->to_value()));
  }
  if (!is_all) return write_all(session.streams().err, as_bytes(text + "\n"));
  TR_TRY(session.out().line(text));
  return session.out().flush();
}

Result<std::string> explanation_json(const node::JobEnd& end) {
  if (!end.explanation) return std::string();
  return dag_json::encode(end.explanation->to_value());
}

std::string liars_text(const node::JobEnd& end) {
  std::vector<std::string> liars;
  liars.reserve(end.liars.size());
  for (const PeerId& liar : end.liars) liars.push_back(liar.to_string());
  std::string who = liars.empty() ? "the answers of others contradict each other"
                                  : fmt::format("false answers by {}", fmt::join(liars, ", "));
  if (!end.evidence) return who;
  return fmt::format("{}; proof: timerose evidence show {}", who, end.evidence->to_string());
}

Result<int> show_end(Session& session, const node::JobEnd& end, const std::string& id,
                     const JobWish& wish, const PeerId& self, wasm::Abi abi, Show show,
                     const node::Seen& seen) {
  if (wish.options.explain) {
    TR_TRY(show_explanation(session, end, wish.options.dry_run, show));
  }
  if (end.how == How::kExplained) {
    const std::string refusal = end.explanation->refusal();
    if (refusal.empty()) return kExitSuccess;
    session.complain(refusal);
    return kExitRunFailed;
  }
  if (!end.answer) {
    if (end.evidence) session.complain(liars_text(end));
    return end.error;
  }
  if (end.told_by) {
    read_from(session, *end.told_by);
    session.complain(
        fmt::format("answered by the memo of {} (job {})", end.told_by->to_string(), id));
  } else if (end.executor && *end.executor != self) {
    read_from(session, *end.executor);
    if (wish.options.where == Where::kMesh) {
      session.complain(fmt::format("ran at {} (job {})", end.executor->to_string(), id));
    }
  }
  if (!end.liars.empty()) session.complain(liars_text(end));
  TR_ASSIGN(const std::string explained, explanation_json(end));
  TR_TRY(show_answer(session, *end.answer, abi, show, seen, explained));
  return exit_code_of(*end.answer);
}

}  // namespace

Result<bool> is_job(Session& session, const JobWish& wish) {
  const bool plain_here = wish.options.where == Where::kLocal && !wish.detach &&
                          !wish.options.explain &&
                          wish.options.verify.policy != scheduler::verify::Policy::kQuorum;
  if (plain_here) return false;
  if (!wish.is_plain) return true;
  if (session.daemon() == nullptr || session.fetching().offline) return false;
  TR_ASSIGN(const size_t others, session.daemon()->network().other_executors());
  return others > 0;
}

Result<int> run_job(Session& session, const JobWish& wish, const compute::Request& request,
                    wasm::Abi abi, Show show) {
  TR_ASSIGN(auto* network, session.network());
  if (wish.peer) TR_TRY(reach(session, *network, *wish.peer, request.deadline_ms));
  TR_ASSIGN(node::JobAsk ask, ask_of(session, *network, wish, request));
  const auto watcher = wish.detach ? nullptr : new_job_watcher(session);
  TR_ASSIGN(const std::string id,
            network->submit_job(std::make_shared<const node::JobAsk>(std::move(ask)), watcher));
  if (wish.detach) {
    TR_TRY(session.out().line(id));
    return kExitSuccess;
  }
  node::Seen seen;
  auto end = follow_job(*watcher, show_while_running(session.streams(), show), seen);
  if (!end.ok()) {
    (void)network->cancel_job(id);
    return std::move(end).error();
  }
  return show_end(session, **end, id, wish, network->self(), abi, show, seen);
}

}  // namespace timerose::cli
