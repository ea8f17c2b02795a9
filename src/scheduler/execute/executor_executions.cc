// Executions from their first asker to their answer.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "scheduler/execute/executor_side.h"

namespace timerose::scheduler::execute {
namespace {

// Over about so many runs the mean of their length is taken.
constexpr uint64_t kRunsRemembered = 8;

uint64_t bytes_of(const std::vector<CarriedBlock>& blocks) {
  uint64_t bytes = 0;
  for (const CarriedBlock& block : blocks) bytes += block.bytes.size();
  return bytes;
}

// The key of their line.
const PeerId& strangers_line() {
  static const PeerId kLine = PeerId::of(PublicKey());
  return kLine;
}

}  // namespace

void ExecutorSide::join_or_begin(const Asker& asker, Call& call, std::shared_ptr<Job> job) {
  const auto found = by_name_.find(flight_name(*job));
  if (found == by_name_.end()) return begin(asker, call, std::move(job));
  call.execution = found->second;
  executions_.at(found->second).askers.push_back(asker);
}

std::string ExecutorSide::flight_name(const Job& job) const {
  std::string name(as_text(job.name.bytes()));
  if (!view_.shares_answers(job.requester)) name += as_text(job.requester.bytes());
  return name;
}

// Strangers wait in one line.
FairQueue::Ticket ExecutorSide::put_into(FairQueue& queue, const Execution& execution,
                                         uint32_t priority, ExecutionId id) const {
  const auto number = static_cast<uint64_t>(id);
  if (execution.standing != Standing::kStranger) {
    return queue.push(execution.job->requester, priority, number);
  }
  return queue.push(strangers_line(), priority, number, limits_.strangers.running_max);
}

void ExecutorSide::begin(const Asker& asker, Call& call, std::shared_ptr<Job> job) {
  const ExecutionId id{++ids_};
  call.execution = id;
  const bool ready = job->blocks.empty() && view_.has_inputs(*job);
  Execution execution;
  execution.job = std::move(job);
  execution.since_ns = now_ns_;
  execution.stage = ready ? Stage::kWaitsToRun : Stage::kWaitsToFetch;
  execution.standing = call.standing;
  execution.ticket = put_into(ready ? to_run_ : to_fetch_, execution, call.priority, id);
  execution.askers.push_back(asker);
  execution.flight = flight_name(*execution.job);
  by_name_.insert_or_assign(execution.flight, id);
  executions_.emplace(id, std::move(execution));
}

// What those who wait want, all of it.
void ExecutorSide::add_wishes(Execution& execution) {
  Job& job = *execution.job;
  job.blocks.clear();
  for (const Asker& asker : execution.askers) {
    const Call* const call = find(asker);
    job.fuel = std::max(job.fuel, call->fuel);
    job.logs = job.logs || call->logs;
    job.receipt = job.receipt || call->receipt;
    job.fresh = job.fresh || call->fresh;
  }
}

// Whether more of what waits in this line may be begun now.
bool ExecutorSide::has_fuel(const PeerId& line) {
  const bool strange = line == strangers_line();
  const uint64_t a_minute =
      strange ? limits_.strangers.fuel_a_minute : limits_.fuel_of_requester_a_minute;
  if (a_minute == UINT64_MAX) return true;
  const auto requester = requesters_.find(line);
  if (!strange && requester == requesters_.end()) return true;
  Fuel& fuel = strange ? strangers_.fuel : requester->second.fuel;
  fuel.refill(now_ns_, a_minute);
  return fuel.left > 0;
}

// Hands over as much as may be under way.
void ExecutorSide::launch() {
  while (fetching_ < limits_.fetching_max + limits_.fetching_spare) {
    const bool is_spare = fetching_ >= limits_.fetching_max;
    const auto next = to_fetch_.pop(is_spare ? 1 : limits_.fetching_of_requester_max);
    if (!next) break;
    Execution& execution = executions_.at(ExecutionId{*next});
    execution.stage = Stage::kFetching;
    ++fetching_;
    actions_.emplace_back(FetchInputs{ExecutionId{*next}, execution.job});
  }
  const FairQueue::MayTake may_run = [this](const PeerId& line) { return has_fuel(line); };
  while (running_ < limits_.running_max + limits_.running_spare) {
    const bool is_spare = running_ >= limits_.running_max;
    const auto next = to_run_.pop(is_spare ? 1 : limits_.running_of_requester_max, may_run);
    if (!next) break;
    Execution& execution = executions_.at(ExecutionId{*next});
    add_wishes(execution);
    execution.stage = Stage::kRunning;
    ++running_;
    actions_.emplace_back(Launch{ExecutionId{*next}, execution.job});
  }
}

void ExecutorSide::on(InputsFetched& event) {
  const auto found = executions_.find(event.execution);
  if (found == executions_.end() || found->second.stage != Stage::kFetching) return;
  Execution& execution = found->second;
  --fetching_;
  to_fetch_.ended(execution.ticket.requester, 0);
  if (execution.stopping || event.failure) {
    const auto answer = std::make_shared<const Answer>(event.failure ? *event.failure : Failure{});
    actions_.emplace_back(LetGo{event.execution});
    return answer_all(execution, answer);
  }
  execution.stage = Stage::kWaitsToRun;
  execution.ticket = put_into(to_run_, execution, execution.ticket.priority, event.execution);
}

void ExecutorSide::on(LogWritten& event) {
  const auto found = executions_.find(event.execution);
  if (found == executions_.end()) return;
  for (const Asker& asker : found->second.askers) {
    const Call* const call = find(asker);
    if (!call->logs) continue;
    Log log = event.log;
    log.call = asker.call;
    send(call->link, std::move(log));
  }
}

void ExecutorSide::on(ExecutionEnded& event) {
  const auto found = executions_.find(event.execution);
  if (found == executions_.end() || found->second.stage != Stage::kRunning) return;
  Execution& execution = found->second;
  --running_;
  to_run_.ended(execution.ticket.requester, event.duration_ns);
  mean_run_ns_ += (event.duration_ns / kRunsRemembered) - (mean_run_ns_ / kRunsRemembered);
  charge(execution, event.fuel_used);
  answer_all(execution, std::make_shared<const Answer>(std::move(event.answer)));
}

// Also for who has gone meanwhile, and may come back.
void ExecutorSide::charge(const Execution& execution, uint64_t fuel) {
  if (execution.standing == Standing::kStranger) {
    strangers_.fuel.refill(now_ns_, limits_.strangers.fuel_a_minute);
    strangers_.fuel.use(fuel);
    return;
  }
  if (limits_.fuel_of_requester_a_minute == UINT64_MAX) return;
  const PeerId& peer = execution.job->requester;
  Requester& payer = requesters_[peer];
  payer.fuel.refill(now_ns_, limits_.fuel_of_requester_a_minute);
  payer.fuel.use(fuel);
  drop_if_idle(peer);
}

// Whether what came of an execution is what this asker asked for: who joined it when it ran
// already may have wanted more of it.
bool ExecutorSide::satisfies(const Answer& answer, const Execution& execution, const Call& call) {
  if (const auto* finish = std::get_if<Finish>(&answer)) {
    return (!call.receipt || !finish->receipt.empty()) && !(call.commit && finish->cached);
  }
  const FailureKind kind = std::get<Failure>(answer).kind;
  if (kind == FailureKind::kFuel) return call.fuel <= execution.job->fuel;
  return !execution.stopping;
}

// Ends the execution. Those whom the answer does not satisfy get another one.
void ExecutorSide::answer_all(Execution& execution, const std::shared_ptr<const Answer>& answer) {
  const auto job = execution.job;
  std::vector<Asker> askers = std::exchange(execution.askers, {});
  std::vector<Asker> again;
  for (const Asker& asker : askers) {
    Call* const call = find(asker);
    if (!satisfies(*answer, execution, *call)) {
      again.push_back(asker);
    } else if (std::holds_alternative<Finish>(*answer) && (call->commit || is_secret(job->name))) {
      hold(asker, *call, answer);
    } else {
      this->answer(asker, *call, answer);
    }
  }
  const auto name = by_name_.find(execution.flight);
  const ExecutionId id = name->second;
  by_name_.erase(name);
  executions_.erase(id);
  for (const Asker& asker : again) {
    if (draining_) {
      hand_back(asker);
      continue;
    }
    auto next = std::make_shared<Job>(job->name, job->invocation);
    next->requester = asker.peer;
    join_or_begin(asker, *find(asker), std::move(next));
  }
}

// What is kept for a requester has a limit. Blocks only save a fetch, and go first; what is left
// has its room, unless it is larger than any answer should be.
std::shared_ptr<const ExecutorSide::Answer> ExecutorSide::fit(
    const Asker& asker, Call& call, std::shared_ptr<const Answer> answer) {
  Requester& requester = requesters_.at(asker.peer);
  account(requester, call, *answer);
  const auto* finish = std::get_if<Finish>(answer.get());
  if (finish == nullptr || !is_over(requester, call.standing)) return answer;
  Finish bare = *finish;
  bare.blocks.clear();
  answer = std::make_shared<const Answer>(std::move(bare));
  account(requester, call, *answer);
  if (!is_over(requester, call.standing)) return answer;
  answer = std::make_shared<const Answer>(
      Failure{asker.call, FailureKind::kLimit, "there is no room here to keep the call's answer"});
  account(requester, call, *answer);
  return answer;
}

bool ExecutorSide::is_over(const Requester& requester, Standing standing) const {
  if (bytes_ > limits_.bytes_max) return true;
  if (standing != Standing::kStranger) return requester.bytes > limits_.bytes_of_requester_max;
  return requester.bytes > limits_.strangers.bytes_of_each_max ||
         strangers_.bytes > limits_.strangers.bytes_max;
}

void ExecutorSide::account(Requester& requester, Call& call, const Answer& answer) {
  if (const auto* finish = std::get_if<Finish>(&answer)) {
    return set_bytes(requester, call,
                     finish->outcome.size() + finish->receipt.size() + bytes_of(finish->blocks));
  }
  set_bytes(requester, call, std::get<Failure>(answer).message.size());
}

void ExecutorSide::set_bytes(Requester& requester, Call& call, uint64_t bytes) {
  count_bytes(requester, call.standing, bytes - call.bytes);
  call.bytes = bytes;
}

void ExecutorSide::count_bytes(Requester& requester, Standing standing, uint64_t more) {
  bytes_ += more;
  requester.bytes += more;
  if (standing == Standing::kStranger) strangers_.bytes += more;
}

void ExecutorSide::answer(const Asker& asker, Call& call, std::shared_ptr<const Answer> answer) {
  call.answer = fit(asker, call, std::move(answer));
  call.held.reset();
  call.answered_ns = now_ns_;
  --unanswered_;
  if (const auto link = links_.find(call.link); link != links_.end()) --link->second.calls;
  send_answer(asker, call);
  end_secret(asker, call);
}

void ExecutorSide::send_answer(const Asker& asker, Call& call) {
  call.answered_to = call.link;
  std::visit(
      [&](auto answer) {
        answer.call = asker.call;
        send(call.link, std::move(answer));
      },
      *call.answer);
}

// The asker gives up; an execution that nobody asks for any more is stopped.
void ExecutorSide::leave(const Asker& asker, Call& call) {
  --unanswered_;
  if (const auto link = links_.find(call.link); link != links_.end()) --link->second.calls;
  const auto found = executions_.find(call.execution);
  call.execution = {};
  CHECK(!call.answer);
  call.answer = std::make_shared<const Answer>(Failure{asker.call, FailureKind::kCancelled, ""});
  end_secret(asker, call);
  if (found == executions_.end()) return;
  Execution& execution = found->second;
  std::erase_if(execution.askers,
                [&](const Asker& one) { return one.call == asker.call && one.peer == asker.peer; });
  if (!execution.askers.empty() || execution.stopping) return;
  if (execution.stage == Stage::kWaitsToFetch || execution.stage == Stage::kWaitsToRun) {
    (execution.stage == Stage::kWaitsToFetch ? to_fetch_ : to_run_).remove(execution.ticket);
    if (execution.stage == Stage::kWaitsToRun) actions_.emplace_back(LetGo{found->first});
    by_name_.erase(execution.flight);
    executions_.erase(found);
    return;
  }
  execution.stopping = true;
  actions_.emplace_back(Stop{found->first});
}

}  // namespace timerose::scheduler::execute
