// timerose run, rerun: calls, and the same calls again.
#include <fmt/format.h>

#include "base/units.h"
#include "cli/calls/answer.h"
#include "cli/calls/call_options.h"
#include "cli/calls/job_run.h"
#include "cli/content/content.h"
#include "cli/program/cancel_watch.h"
#include "cli/program/form_option.h"
#include "cli/program/grammar.h"
#include "compute/invocation.h"
#include "node/daemon/daemon.h"
#include "node/jobs/known_answer.h"
#include "node/records/trust_records.h"

namespace timerose::cli {
namespace {

Show show_named(std::string_view name) {
  if (name == "cid") return Show::kCid;
  if (name == "json") return Show::kJson;
  return Show::kText;
}

struct RunOptions {
  CallTexts texts;
  std::string function;
  std::string fx;
  std::string fuel;
  std::string deadline;
  JobTexts job;
  bool no_memo = false;
  std::string show = "text";
};

// What was said on the command line of how far the call may go.
struct CallBudget {
  std::optional<uint64_t> fuel;
  std::optional<uint64_t> deadline_ms;
};

Result<CallBudget> parse_budget(const RunOptions& options) {
  CallBudget budget;
  if (!options.fuel.empty()) {
    auto fuel = parse_count(options.fuel);
    if (!fuel.ok()) return std::move(fuel).error().within("--fuel");
    budget.fuel = *fuel;
  }
  if (!options.deadline.empty()) {
    auto deadline = parse_duration_ms(options.deadline);
    if (!deadline.ok()) return std::move(deadline).error().within("--deadline");
    budget.deadline_ms = *deadline;
  }
  return budget;
}

// What is asked of this node beside the Invocation itself.
Status set_budget(Session& session, const CallBudget& budget, const compute::LoadedFunction& loaded,
                  compute::Request& request) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const auto config, repository->config());
  request.fuel = budget.fuel.value_or(loaded.function.fuel.value_or(config.run_fuel()));
  request.deadline_ms = budget.deadline_ms.value_or(config.run_deadline_ms());
  return success();
}

// The call's own data: what goes wrong with it does not mean that the function cannot run.
Result<int> data_failure(const Session& session, const Error& error) {
  session.complain(error.message);
  return error.code == ErrorCode::kNotFound ? kExitNotFound : kExitRunFailed;
}

// A directory, a text, ...: whatever it is, it does not run.
Result<int> function_failure(const Session& session, const Error& error) {
  session.complain(error.message);
  return error.code == ErrorCode::kInvalidArgument ? kExitNotRunnable : exit_code_of(error);
}

// An answer that is known is found by reading alone; only an execution writes.
Access first_access(const RunOptions& options) {
  return options.no_memo ? Access::kReadWrite : Access::kReadOnly;
}

// What runs functions would fetch it by itself, but not as this command was told to.
Status fetch_module(Blockstore& store, const Cid& module) {
  TR_ASSIGN(const bool here, store.has(module));
  if (here) return success();
  if (auto fetched = store.get(module); !fetched.ok()) return std::move(fetched).error();
  return success();
}

Result<std::optional<node::KnownAnswer>> what_is_known(Session& session,
                                                       const compute::Invocation& invocation) {
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto remembered, repository->remembered(invocation));
  if (!remembered) return std::optional<node::KnownAnswer>();
  TR_ASSIGN(const PrivateKey* key, repository->key());
  TR_ASSIGN(auto* store, session.blockstore(Access::kReadOnly));
  auto known = node::known_answer(*std::move(remembered), *store, repository->records(),
                                  PeerId::of(key->public_key()));
  // A receipt that is gone or damaged is nobody's word.
  if (!known.ok()) return std::optional<node::KnownAnswer>();
  return std::optional(*std::move(known));
}

// An answer that was believed before counts only as far as it would if it came now. Finds its
// witnesses where it does not count alone.
Result<bool> counts(Session& session, const JobWish& wish, node::KnownAnswer& known) {
  using scheduler::verify::judge;
  using scheduler::verify::Next;
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const PrivateKey* key, repository->key());
  scheduler::execute::TrustList trust(PeerId::of(key->public_key()));
  const bool is_own = known.executor == trust.self();
  const bool is_quorum = wish.options.verify.is_quorum();
  if (!is_own || is_quorum) {
    TR_ASSIGN(trust, node::load_trust(repository->records(), trust.self()));
  }
  if (is_quorum) {
    TR_ASSIGN(known.witnesses, node::other_witnesses(repository->records(), trust, known));
  }
  const auto said = node::who_said(known, {}, node::standing_of(trust, known.executor));
  return judge(wish.options.verify, said).next == Next::kAccept;
}

// So that others who ask for the same find the answer here.
void tell_network(Session& session, const compute::Answer& answer) {
  if (session.daemon() == nullptr || session.fetching().offline) return;
  if (answer.cached || !answer.receipt) return;
  session.daemon()->network().executed(answer.invocation, answer.circumstances.duration_ns);
}

// This node, named by its key, is what --at local is.
Result<JobWish> wish_of(Session& session, JobTexts texts) {
  TR_ASSIGN(JobWish wish, parse_job_wish(texts));
  if (!wish.peer) return wish;
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(const PrivateKey* key, repository->key());
  if (wish.peer->peer != PeerId::of(key->public_key())) return wish;
  texts.at = "local";
  return parse_job_wish(texts);
}

Result<int> run(Session& session, const RunOptions& options,
                const std::vector<std::string>& arguments) {
  TR_ASSIGN(const JobWish wish, wish_of(session, options.job));
  TR_ASSIGN(const CallBudget budget, parse_budget(options));
  TR_ASSIGN(auto* repository, session.repository());
  TR_ASSIGN(auto* store, session.content(first_access(options)));
  TR_ASSIGN(const Cid function, resolve_content(session, options.function));
  const auto loaded = compute::load_function(*store, function);
  if (!loaded.ok()) return function_failure(session, loaded.error());
  auto call = resolve_call(session, options.texts);
  if (!call.ok()) return data_failure(session, call.error());
  call->args = arguments;
  call->fx = options.fx;
  TR_TRY(fetch_module(*store, loaded->function.module));
  TR_ASSIGN(const wasm::Abi abi, repository->abi_of(loaded->function));
  TR_ASSIGN(auto invocation, compute::make_invocation(*loaded, abi, *call));

  const Show show = show_named(options.show);
  std::optional<node::KnownAnswer> known;
  if (!options.no_memo) {
    TR_ASSIGN(known, what_is_known(session, invocation));
  }
  if (known) {
    TR_ASSIGN(const bool is_enough, counts(session, wish, *known));
    if (is_enough && !wish.options.explain && !wish.detach) {
      TR_TRY(show_answer(session, known->answer, abi, show, {}));
      return exit_code_of(known->answer);
    }
  }
  compute::Request request(std::move(invocation));
  TR_TRY(set_budget(session, budget, *loaded, request));
  request.use_memo = !options.no_memo;
  TR_ASSIGN(const bool placed, is_job(session, wish));
  if (placed) return run_job(session, wish, request, known, abi, show);
  if (known) request.use_memo = false;  // it alone does not count
  wasm::Cancellation cancellation;
  const LiveOutput live(session.streams(), show, &cancellation);
  request.on_write = live.on_write();
  request.content = store;
  request.cancellation = &cancellation;
  const CancelWatch watch(session.streams(), cancellation);
  TR_ASSIGN(auto* executor, session.executor());
  TR_ASSIGN(const auto answer, executor->run(request));
  TR_ASSIGN(auto* memo, repository->memo());
  TR_TRY(memo->flush());
  tell_network(session, answer);
  TR_TRY(live.reader());
  TR_TRY(show_answer(session, answer, abi, show, answer.cached ? node::Seen() : node::kAllSeen));
  TR_TRY(live.status());
  return exit_code_of(answer);
}

void add_run_options(CLI::App& command, RunOptions& options) {
  add_word(command, "FUNCTION", options.function,
           "X of a module or Function. What follows is for the guest");
  add_repeated(command, "--input", options.texts.inputs,
               "The file /in/0, /in/1, ...; the first is also standard input; may be repeated")
      ->type_name("X");
  add_text(command, "--stdin", options.texts.stdin_file, "Standard input, if not the first input")
      ->type_name("X");
  add_guest_options(command, options.texts);
  add_text(command, "--fx", options.fx, "Of a fan Function: which of its functions")
      ->type_name("NAME");
  add_text(command, "--fuel", options.fuel, "Stop the guest after this much work")->type_name("N");
  add_text(command, "--deadline", options.deadline, "Stop the guest after this wall-clock time")
      ->type_name("TIME");
  add_text(command, "--seed", options.texts.seed, "Another stream of randomness for the guest")
      ->type_name("HEX");
  add_job_options(command, options.job);
  command.add_flag("--no-memo,--fresh", options.no_memo, "Execute even if the answer is known");
  add_text(command, "-o,--output", options.show,
           "text (what the guest prints), cid (of its output) or json")
      ->check(CLI::IsMember({"text", "cid", "json"}))
      ->type_name("text|cid|json");
}

// As `action`, but a failure ends with what the exit codes of run say about it.
Action with_run_codes(std::function<Result<int>(Session&)> action) {
  return [action = std::move(action)](Session& session) -> Result<int> {
    auto code = action(session);
    if (code.ok()) return code;
    if (!reader_has_gone(session.streams())) session.complain(code.error().message);
    return exit_code_of(code.error());
  };
}

void add_run(Grammar& grammar) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      add_command(grammar, grammar.root, "run",
                  {"Call a function on content",
                   "  timerose run wordcount.wasm --input CID\n"
                   "  timerose run -o cid --mount /data=CID --env LANG=C CID -- --verbose\n"
                   "  echo hello | timerose run --stdin - cat.wasm\n"
                   "  timerose run --explain --require 'memory>=8GiB' wordcount.wasm --input CID\n"
                   "  timerose run --at 12D3KooW... wordcount.wasm --input CID\n"
                   "X is a CID, CID/path, a local path (added first) or - (standard input).\n"
                   "Options stand before the function or right behind it; from the first other "
                   "word behind it,\n"
                   "or behind --, all is the guest's. The exit code is the guest's own, or 124 "
                   "(stopped by fuel\n"
                   "or deadline), 125 (we failed), 126 (not runnable), 127 (not found), 134 (the "
                   "guest trapped)."},
                  with_run_codes([options, &grammar](Session& session) {
                    return run(session, *options, grammar.guest_arguments);
                  }));
  command->group("Compute");
  add_run_options(*command, *options);
  add_fetch_options(grammar, *command);
  grammar.guest_commands.push_back(command);
}

struct RerunOptions {
  std::string invocation;
  std::string fuel;
  std::string form;
};

Result<int> rerun(Session& session, const RerunOptions& options) {
  TR_ASSIGN(const bool as_json, is_json(options.form));
  TR_ASSIGN(const Cid invocation, resolve_path(session, options.invocation));
  uint64_t fuel = compute::Request::kFuelDefault;
  if (!options.fuel.empty()) {
    auto given = parse_count(options.fuel);
    if (!given.ok()) return std::move(given).error().within("--fuel");
    fuel = *given;
  }
  TR_ASSIGN(auto* executor, session.executor());
  wasm::Cancellation cancellation;
  const CancelWatch watch(session.streams(), cancellation);
  const auto rerun = executor->rerun(invocation, fuel, 0, &cancellation);
  if (!rerun.ok()) return function_failure(session, rerun.error());
  return show_rerun(session, *rerun, as_json ? Show::kJson : Show::kText);
}

void add_rerun(Grammar& grammar) {
  auto options = std::make_shared<RerunOptions>();
  CLI::App* command =
      add_command(grammar, grammar.root, "rerun",
                  {"Execute an Invocation again, without the memo, and compare the Outcome",
                   "  timerose rerun INVOCATION-CID\n"
                   "The exit code is 0 if the Outcome CID is the same or none was known, 1 if it "
                   "differs, and as\n"
                   "of run if there is none."},
                  with_run_codes([options](Session& session) { return rerun(session, *options); }));
  command->group("Compute");
  add_word(*command, "INVOCATION", options->invocation, "CID of an Invocation (see run -o json)");
  add_text(*command, "--fuel", options->fuel, "Stop the guest after this much work")
      ->type_name("N");
  add_form_option(*command, options->form);
}

}  // namespace

void add_run_commands(Grammar& grammar) {
  add_run(grammar);
  add_rerun(grammar);
}

}  // namespace timerose::cli
