// What time does to calls, and what is left of them; and what a person sees of those that wait.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/check.h"
#include "scheduler/execute/executor_side.h"

namespace timerose::scheduler::execute {
namespace {

// How far a call came by its deadline, by its stage.
constexpr std::array kLateIn{" while it waited for its inputs to be fetched",
                             " while its inputs were fetched", " while it waited to run",
                             " while it ran"};

std::string busy_words(uint64_t waited_ns, uint32_t running, size_t waiting) {
  return fmt::format(", for {} ms; {} run and {} wait at this executor", waited_ns / 1'000'000,
                     running, waiting);
}

}  // namespace

// After its answer, or after leave().
void ExecutorSide::forget(const PeerId& peer, CallNumber number) {
  const auto requester = requesters_.find(peer);
  const auto call = requester->second.calls.find(number);
  CHECK(call->second.answer);
  set_bytes(requester->second, call->second, 0);
  if (call->second.standing == Standing::kStranger) --strangers_.calls;
  requester->second.calls.erase(call);
  --calls_;
  drop_if_idle(peer);
}

// A requester is remembered while it has links or calls, and until its fuel has come back.
void ExecutorSide::drop_if_idle(const PeerId& peer) {
  const auto found = requesters_.find(peer);
  if (found == requesters_.end() || found->second.links > 0 || !found->second.calls.empty() ||
      found->second.questions > 0) {
    return;
  }
  if (limits_.fuel_of_requester_a_minute != UINT64_MAX) {
    found->second.fuel.refill(now_ns_, limits_.fuel_of_requester_a_minute);
    if (found->second.fuel.left < limits_.fuel_of_requester_a_minute) {
      if (next_sweep_ns_ == UINT64_MAX) next_sweep_ns_ = now_ns_ + kSweepNs;
      return;
    }
  }
  requesters_.erase(found);
}

void ExecutorSide::on(Tick& /*event*/) {
  accept_due();
  if (now_ns_ >= next_sweep_ns_) sweep();
}

void ExecutorSide::accept_due() {
  while (!accepts_.empty() && accepts_.front().at_ns <= now_ns_) {
    const Asker asker = accepts_.front().asker;
    accepts_.pop_front();
    Call* const call = find(asker);
    if (call == nullptr || call->answer || std::exchange(call->accepted, true)) continue;
    send(call->link, Accept{asker.call, call->lease_ns / 1'000'000, to_run_.size()});
  }
}

void ExecutorSide::sweep() {
  beat();
  std::vector<PeerId> peers;
  for (const auto& [peer, requester] : requesters_) peers.push_back(peer);
  for (const PeerId& peer : peers) sweep(peer, requesters_.at(peer));
  for (auto& [name, secret] : secrets_) {
    if (now_ns_ >= secret.until_ns) tell_waiting(std::exchange(secret.waiting, {}));
  }
  const bool needed =
      calls_ > 0 || std::any_of(requesters_.begin(), requesters_.end(),
                                [](const auto& one) { return one.second.links == 0; });
  next_sweep_ns_ = needed ? now_ns_ + kSweepNs : UINT64_MAX;
}

void ExecutorSide::sweep(const PeerId& peer, Requester& requester) {
  std::vector<CallNumber> gone;
  for (auto& [number, call] : requester.calls) {
    const auto link = links_.find(call.link);
    if (link != links_.end()) call.heard_ns = link->second.heard_ns;
    if (call.answer) {
      if (now_ns_ - call.answered_ns >= limits_.keep_ns) gone.push_back(number);
    } else if (now_ns_ - std::min(now_ns_, call.heard_ns) >= call.lease_ns) {
      leave({peer, number}, call);
      gone.push_back(number);
    } else if (now_ns_ >= call.deadline_ns) {
      const auto execution = executions_.find(call.execution);
      std::string why = "the deadline has passed";
      if (execution != executions_.end()) {
        const Execution& late = execution->second;
        why += kLateIn[static_cast<size_t>(late.stage)];
        if (late.stage != Stage::kRunning) {
          why += busy_words(now_ns_ - late.since_ns, running_, to_run_.size());
        }
      }
      leave({peer, number}, call);
      call.answer =
          std::make_shared<const Answer>(Failure{number, FailureKind::kDeadline, std::move(why)});
      call.answered_ns = now_ns_;
      send_answer({peer, number}, call);
    }
  }
  for (const CallNumber number : gone) forget(peer, number);
  if (gone.empty()) drop_if_idle(peer);
}

// Says to requesters that wait that we still work for them.
void ExecutorSide::beat() {
  for (auto& [id, link] : links_) {
    if (link.calls > 0 && now_ns_ - link.sent_ns >= kBeatNs) send(id, Heartbeat{});
  }
}

std::vector<ExecutorSide::Queued> ExecutorSide::queue() const {
  static constexpr std::array kStages{"waits to fetch", "fetching", "waiting", "running"};
  std::vector<Queued> out;
  for (const auto& [id, execution] : executions_) {
    const Job& job = *execution.job;
    Queued one{job.name,
               job.invocation.module,
               {},
               kStages[static_cast<size_t>(execution.stage)],
               execution.since_ns};
    for (const Asker& asker : execution.askers) {
      if (std::ranges::find(one.requesters, asker.peer) == one.requesters.end()) {
        one.requesters.push_back(asker.peer);
      }
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace timerose::scheduler::execute
