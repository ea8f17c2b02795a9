// timerose jobs list|show|logs|cancel, timerose queue: the jobs of this node, and what it does for
// others.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/calls/answer.h"
#include "cli/calls/job_watch.h"
#include "cli/program/form_option.h"
#include "cli/program/grammar.h"
#include "names/rfc3339.h"
#include "node/network/network.h"

namespace timerose::cli {
namespace {

using Json = nlohmann::ordered_json;
using node::JobRecord;

std::string seconds(uint64_t ms) { return fmt::format("{:.3f} s", static_cast<double>(ms) / 1000); }

// For people: to the second.
std::string when(uint64_t unix_ms) {
  const std::string text = names::format_rfc3339(unix_ms * 1'000'000);
  return text.substr(0, text.find('.')) + "Z";
}

Json json_of(const JobRecord& job) {
  Json steps = Json::array();
  for (const node::JobStep& step : job.steps) {
    steps.push_back({{"peer", step.peer.to_string()},
                     {"state", step.state},
                     {"after_ms", step.after_ms},
                     {"why", step.why}});
  }
  Json json{{"id", job.id},
            {"state", job.state},
            {"function", job.function.to_string()},
            {"invocation", job.invocation.to_string()},
            {"started", job.started_unix_ms},
            {"took_ms", job.took_ms},
            {"executor", job.executor ? Json(job.executor->to_string()) : Json()},
            {"steps", std::move(steps)}};
  if (!job.error.empty()) json["error"] = job.error;
  if (!job.note.empty()) json["note"] = job.note;
  if (job.answer && job.answer->outcome_cid) {
    json["outcome"] = job.answer->outcome_cid->to_string();
    const auto& output = job.answer->outcome->output;
    json["output"] = output ? Json(output->to_string()) : Json();
    json["exit_code"] = exit_code_of(*job.answer);
  }
  return json;
}

Status print(Session& session, const Json& json) {
  TR_TRY(session.out().line(json.dump(2, ' ', false, Json::error_handler_t::replace)));
  return session.out().flush();
}

// --- jobs ---

Result<int> list(Session& session, const std::string& form) {
  TR_ASSIGN(const bool as_json, is_json(form));
  TR_ASSIGN(auto* network, session.network());
  TR_ASSIGN(const auto jobs, network->jobs());
  if (as_json) {
    Json all = Json::array();
    for (const JobRecord& job : jobs) all.push_back(json_of(job));
    TR_TRY(print(session, all));
    return kExitSuccess;
  }
  TR_TRY(session.out().line(
      fmt::format("{:<8} {:<9} {:>12}  {:<52}  {}", "ID", "STATE", "TOOK", "NODE", "FUNCTION")));
  for (const JobRecord& job : jobs) {
    TR_TRY(session.out().line(
        fmt::format("{:<8} {:<9} {:>12}  {:<52}  {}", job.id, job.state, seconds(job.took_ms),
                    job.executor ? job.executor->to_string() : "-", job.function.to_string())));
  }
  return kExitSuccess;
}

Result<int> show(Session& session, const std::string& id, const std::string& form) {
  TR_ASSIGN(const bool as_json, is_json(form));
  TR_ASSIGN(auto* network, session.network());
  TR_ASSIGN(const JobRecord job, network->job(id));
  const Json json = json_of(job);
  if (as_json) {
    TR_TRY(print(session, json));
    return kExitSuccess;
  }
  for (const auto& [name, value] : json.items()) {
    if (name == "steps" || value.is_null()) continue;
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (name == "started") text = when(job.started_unix_ms);
    if (name == "took_ms") text = std::to_string(job.took_ms) + " ms";
    TR_TRY(session.out().line(
        fmt::format("{:<11} {}", (name == "took_ms" ? "took" : name) + ":", text)));
  }
  for (const node::JobStep& step : job.steps) {
    TR_TRY(session.out().line(fmt::format("  {:>12}  {}  {}{}", seconds(step.after_ms),
                                          step.peer.to_string(), step.state,
                                          step.why.empty() ? "" : ": " + step.why)));
  }
  return kExitSuccess;
}

Result<int> logs(Session& session, const std::string& id, bool follow) {
  TR_ASSIGN(auto* network, session.network());
  node::Seen seen;
  const LiveOutput live(session.streams(), Show::kText);
  const auto watcher = follow ? new_job_watcher(session)
                              : std::make_shared<node::JobChannel>(node::Ask{.timeout_ms = 0});
  TR_TRY(network->watch_job(id, watcher));
  const auto end = follow_job(session, *watcher, live, seen);
  if (!end.ok()) {
    // All that was there already has been shown.
    if (!follow && end.error().code == ErrorCode::kNotFound) return kExitSuccess;
    return end.error();
  }
  TR_TRY(live.status());
  const node::JobEnd& how = **end;
  if (!how.answer) return how.error;
  if (!how.answer->outcome) return kExitSuccess;
  if (how.executor) {
    Fetching fetching = session.fetching();
    fetching.providers.push_back({*how.executor, {}});
    session.set_fetching(std::move(fetching));
  }
  TR_TRY(show_written(session, *how.answer->outcome, seen));
  return kExitSuccess;
}

Result<int> cancel(Session& session, const std::vector<std::string>& ids) {
  TR_ASSIGN(auto* network, session.network());
  for (const std::string& id : ids) TR_TRY(network->cancel_job(id));
  return kExitSuccess;
}

void add_list(Grammar& grammar, CLI::App& group) {
  auto form = std::make_shared<std::string>();
  CLI::App* command =
      add_command(grammar, group, "list",
                  {"List the jobs of this node, the newest first: those under way, and the latest "
                   "that ended (Jobs.Kept)",
                   "  timerose jobs list\n  timerose jobs list -o json"},
                  [form](Session& session) { return list(session, *form); });
  add_form_option(*command, *form);
}

void add_show(Grammar& grammar, CLI::App& group) {
  auto id = std::make_shared<std::string>();
  auto form = std::make_shared<std::string>();
  CLI::App* command =
      add_command(grammar, group, "show",
                  {"Show a job: which nodes were asked, what each said, what came of it",
                   "  timerose jobs show k3f"},
                  [id, form](Session& session) { return show(session, *id, *form); });
  add_word(*command, "ID", *id, "The job's id, or how it begins");
  add_form_option(*command, *form);
}

void add_logs(Grammar& grammar, CLI::App& group) {
  auto id = std::make_shared<std::string>();
  auto follow = std::make_shared<bool>(false);
  CLI::App* command =
      add_command(grammar, group, "logs",
                  {"Show what a job's guest has written",
                   "  timerose jobs logs k3f\n  timerose jobs logs -f k3f"},
                  [id, follow](Session& session) { return logs(session, *id, *follow); });
  add_word(*command, "ID", *id, "The job's id, or how it begins");
  command->add_flag("-f,--follow", *follow, "Until the job has ended");
}

void add_cancel(Grammar& grammar, CLI::App& group) {
  auto ids = std::make_shared<std::vector<std::string>>();
  CLI::App* command = add_command(grammar, group, "cancel",
                                  {"Cancel jobs, wherever they run", "  timerose jobs cancel k3f"},
                                  [ids](Session& session) { return cancel(session, *ids); });
  add_words(*command, "ID", *ids, 1, "The jobs' ids, or how they begin");
}

// --- queue ---

Result<int> queue(Session& session, const std::string& form) {
  TR_ASSIGN(const bool as_json, is_json(form));
  TR_ASSIGN(auto* network, session.network());
  TR_ASSIGN(const auto queued, network->queue());
  const uint64_t now_ns = session.clock().monotonic_ns();
  Json all = Json::array();
  for (const auto& one : queued) {
    Json requesters = Json::array();
    for (const PeerId& peer : one.requesters) requesters.push_back(peer.to_string());
    all.push_back({{"state", one.stage},
                   {"for_ms", (now_ns - std::min(now_ns, one.since_ns)) / 1'000'000},
                   {"function", one.function.to_string()},
                   {"invocation", one.invocation.to_string()},
                   {"requesters", std::move(requesters)}});
  }
  if (as_json) {
    TR_TRY(print(session, all));
    return kExitSuccess;
  }
  TR_TRY(session.out().line(
      fmt::format("{:<14} {:>12}  {:<59}  {}", "STATE", "SINCE", "FUNCTION", "FOR")));
  for (const Json& one : all) {
    std::string who;
    for (const Json& peer : one["requesters"]) {
      who += (who.empty() ? "" : ",") + peer.get<std::string>();
    }
    TR_TRY(session.out().line(fmt::format(
        "{:<14} {:>12}  {:<59}  {}", one["state"].get<std::string>(),
        seconds(one["for_ms"].get<uint64_t>()), one["function"].get<std::string>(), who)));
  }
  return kExitSuccess;
}

}  // namespace

void add_job_commands(Grammar& grammar) {
  auto all = std::make_shared<std::string>();
  CLI::App* group =
      add_command(grammar, grammar.root, "jobs",
                  {"The calls that this node has placed: list them, or show, follow or cancel one",
                   "  timerose jobs                as jobs list\n"
                   "  timerose jobs show k3f\n"
                   "  timerose jobs logs -f k3f\n"
                   "  timerose jobs cancel k3f"},
                  [all](Session& session) { return list(session, *all); });
  group->group("Compute");
  add_form_option(*group, *all);
  add_list(grammar, *group);
  add_show(grammar, *group);
  add_logs(grammar, *group);
  add_cancel(grammar, *group);
  auto form = std::make_shared<std::string>();
  CLI::App* command = add_command(
      grammar, grammar.root, "queue",
      {"List the calls that wait and run on this node, and for whom", "  timerose queue"},
      [form](Session& session) { return queue(session, *form); });
  command->group("Compute");
  add_form_option(*command, *form);
}

}  // namespace timerose::cli
