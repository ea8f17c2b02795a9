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
                            const compute::Request& request,
                            const std::optional<node::KnownAnswer>& known) {
  TR_ASSIGN(auto* store, session.blockstore());
  TR_ASSIGN(node::JobAsk ask, node::make_job_ask(request, *store, network.exchange()));
  const auto given = ask.options;
  ask.options = wish.options;
  ask.options.deadline_ms = given.deadline_ms;
  ask.options.fresh = given.fresh;
  ask.detached = wish.detach;
  ask.known = known;
  if (!wish.authority.empty()) {
    TR_ASSIGN(ask.offer.authority, read_tokens(session.streams(), wish.authority));
  }
  return ask;
}

// Beside a run: on standard error, so that standard output is the guest's.
OnExplained explain_on_error(const Session& session, const JobWish& wish, Show show) {
  if (wish.options.dry_run || show == Show::kJson) return {};
  return [&session](const scheduler::Explanation& explanation) {
    return write_all(session.streams().err, as_bytes(explanation_table(explanation) + "\n"));
  };
}

// Of a dry run it is the result.
Result<int> show_explanation(Session& session, const scheduler::Explanation& explanation,
                             Show show) {
  std::string text = explanation_table(explanation);
  if (show == Show::kJson) {
    TR_ASSIGN(text, dag_json::encode(explanation.to_value()));
  }
  TR_TRY(session.out().line(text));
  TR_TRY(session.out().flush());
  const std::string refusal = explanation.refusal();
  if (!refusal.empty()) session.complain(refusal);
  if (!explanation.shortage.empty()) session.complain(explanation.shortage);
  return refusal.empty() && !explanation.is_too_few ? kExitSuccess : kExitRunFailed;
}

Result<std::string> explanation_json(const node::JobEnd& end) {
  if (!end.explanation) return std::string();
  return dag_json::encode(end.explanation->to_value());
}

std::string named(const std::vector<PeerId>& peers) {
  std::string out;
  for (const PeerId& peer : peers) out += (out.empty() ? "" : ", ") + peer.to_string();
  return out;
}

// What was false in the answers of others; nothing where all agree.
void complain_of_faults(const Session& session, const node::JobEnd& end) {
  std::string what;
  if (!end.liars.empty()) what = "false answers by " + named(end.liars);
  if (!end.odd_metering.empty()) {
    what +=
        fmt::format("{}false metering by {}", what.empty() ? "" : "; ", named(end.odd_metering));
  }
  if (what.empty() && end.evidence) what = "the answers of others contradict each other";
  if (what.empty()) return;
  if (end.evidence) {
    what += fmt::format("; proof: timerose evidence show {}", end.evidence->to_string());
  }
  session.complain(what);
}

void tell_where(Session& session, const node::JobEnd& end, const std::string& id,
                const JobWish& wish, const PeerId& self) {
  if (end.told_by == self) {
    return session.complain(fmt::format("answered by this node's own memo (job {})", id));
  }
  if (end.told_by) {
    read_from(session, *end.told_by);
    return session.complain(
        fmt::format("answered by the memo of {} (job {})", end.told_by->to_string(), id));
  }
  if (!end.executor || *end.executor == self) return;
  read_from(session, *end.executor);
  if (wish.options.where != Where::kMesh) return;
  session.complain(fmt::format("ran at {} (job {})", end.executor->to_string(), id));
}

Result<int> show_end(Session& session, const node::JobEnd& end, const std::string& id,
                     const JobWish& wish, const PeerId& self, wasm::Abi abi, Show show,
                     const node::Seen& seen) {
  if (end.how == How::kExplained) return show_explanation(session, *end.explanation, show);
  if (!end.answer) {
    complain_of_faults(session, end);
    return end.error;
  }
  tell_where(session, end, id, wish, self);
  complain_of_faults(session, end);
  TR_ASSIGN(const std::string explained, explanation_json(end));
  TR_TRY(show_answer(session, *end.answer, abi, show, seen, explained));
  return exit_code_of(*end.answer);
}

}  // namespace

Result<bool> is_job(Session& session, const JobWish& wish) {
  const bool plain_here = wish.options.where == Where::kLocal && !wish.detach &&
                          !wish.options.explain && wish.options.required.terms.empty();
  if (plain_here) return false;
  if (!wish.is_plain) return true;
  if (session.daemon() == nullptr || session.fetching().offline) return false;
  TR_ASSIGN(const size_t others, session.daemon()->network().other_executors());
  return others > 0;
}

Result<int> run_job(Session& session, const JobWish& wish, const compute::Request& request,
                    const std::optional<node::KnownAnswer>& known, wasm::Abi abi, Show show) {
  TR_ASSIGN(auto* network, session.network());
  if (wish.peer) TR_TRY(reach(session, *network, *wish.peer, request.deadline_ms));
  TR_ASSIGN(node::JobAsk ask, ask_of(session, *network, wish, request, known));
  const auto watcher = wish.detach ? nullptr : new_job_watcher(session);
  TR_ASSIGN(const std::string id,
            network->submit_job(std::make_shared<const node::JobAsk>(std::move(ask)), watcher));
  if (wish.detach) {
    TR_TRY(session.out().line(id));
    return kExitSuccess;
  }
  node::Seen seen;
  const LiveOutput live(session.streams(), show);
  auto end = follow_job(session, *watcher, live, seen, explain_on_error(session, wish, show));
  if (!end.ok()) {
    (void)network->cancel_job(id);
    return std::move(end).error();
  }
  TR_ASSIGN(const int code, show_end(session, **end, id, wish, network->self(), abi, show, seen));
  TR_TRY(live.status());
  return code;
}

}  // namespace timerose::cli
