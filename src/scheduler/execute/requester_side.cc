#include "scheduler/execute/requester_side.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/duration.h"
#include "base/printable.h"

namespace timerose::scheduler::execute {
namespace {

// Acknowledged together, at the latest when time is looked at.
constexpr size_t kAcknowledgeTogether = 64;
// At the deadline an executor that has the call may still say how far it had come: it looks at the
// time as often as we do.
constexpr uint64_t kLastWordNs = 60'000'000;

}  // namespace

std::vector<RequesterAction>& RequesterSide::step(uint64_t now_ns, RequesterEvent event) {
  now_ns_ = now_ns;
  actions_.clear();
  std::visit([this](auto& one) { on(one); }, event);
  return actions_;
}

RequesterSide::Call* RequesterSide::find(const PeerId& executor, CallNumber number) {
  const auto found = calls_.find(number);
  if (found == calls_.end() || found->second.executor != executor) return nullptr;
  return &found->second;
}

// One that was offered: what only offers are told is passed over for other questions.
RequesterSide::Call* RequesterSide::find_offered(const PeerId& executor, CallNumber number) {
  Call* const call = find(executor, number);
  return call != nullptr && call->offer() != nullptr ? call : nullptr;
}

void RequesterSide::say(const PeerId& to, Message message) {
  executors_[to].said_ns = now_ns_;
  actions_.emplace_back(Say{to, std::move(message)});
}

void RequesterSide::open(const PeerId& peer, Executor& executor) {
  executor.state = LinkState::kOpening;
  executor.opened_ns = now_ns_;
  actions_.emplace_back(OpenLink{peer});
}

void RequesterSide::end(CallNumber number, Update update) {
  const auto call = calls_.find(number);
  --executors_[call->second.executor].calls;
  calls_.erase(call);
  actions_.emplace_back(Told{number, std::move(update)});
}

// --- What the asker wants ---

void RequesterSide::on(Ask& event) {
  const CallNumber number = std::visit([](const auto& one) { return one.call; }, event.question);
  if (calls_.size() >= limits_.calls_max || calls_.contains(number)) {
    actions_.emplace_back(Told{
        number, Busy{number, 0, calls_.size(),
                     fmt::format("{} calls of this node wait for others already", calls_.size())}});
    return;
  }
  if (next_sweep_ns_ == UINT64_MAX) next_sweep_ns_ = now_ns_ + kSweepNs;
  Call call{event.executor, std::move(event.question), event.patience};
  call.asked_ns = now_ns_;
  if (Offer* const offer = call.offer()) {
    offer->lease_ms = limits_.lease_ms;
    if (offer->deadline_ms != 0) call.deadline_ns = now_ns_ + offer->deadline_ms * kNsPerMs;
  } else {
    call.deadline_ns = now_ns_ + limits_.question_ns;
  }
  Call& kept = calls_.emplace(number, std::move(call)).first->second;
  Executor& executor = executors_[event.executor];
  if (executor.calls++ == 0) executor.heard_ns = now_ns_;
  if (executor.state == LinkState::kOpen) return put(kept);
  if (executor.state == LinkState::kClosed) open(event.executor, executor);
}

void RequesterSide::on(GiveUp& event) {
  const auto call = calls_.find(event.call);
  if (call == calls_.end()) return;
  const PeerId peer = call->second.executor;
  if (call->second.offer() != nullptr && call->second.is_there()) say(peer, Cancel{event.call});
  end(event.call, Failure{event.call, FailureKind::kCancelled, "cancelled"});
}

void RequesterSide::on(RevealCalls& event) {
  std::map<PeerId, std::vector<CallNumber>> to_reveal;
  for (const CallNumber number : event.calls) {
    const auto call = calls_.find(number);
    if (call == calls_.end() || !call->second.commit) continue;
    if (std::exchange(call->second.revealed, true) || !call->second.is_there()) continue;
    to_reveal[call->second.executor].push_back(number);
  }
  for (auto& [peer, numbers] : to_reveal) {
    while (numbers.size() > kCallsNamedMax) {
      say(peer, Reveal{{numbers.end() - kCallsNamedMax, numbers.end()}});
      numbers.resize(numbers.size() - kCallsNamedMax);
    }
    say(peer, Reveal{std::move(numbers)});
  }
}

// --- Links ---

void RequesterSide::put(Call& call) {
  call.stage = Stage::kOffered;
  Offer* const offer = call.offer();
  if (offer != nullptr && call.deadline_ns != UINT64_MAX) {
    offer->deadline_ms =
        std::max<uint64_t>(1, (call.deadline_ns - std::min(now_ns_, call.deadline_ns)) / kNsPerMs);
  }
  std::visit([&](const auto& question) { say(call.executor, question); }, call.question);
}

void RequesterSide::on(LinkReady& event) {
  Executor& executor = executors_[event.executor];
  // That it takes streams does not mean that it works.
  executor.state = LinkState::kOpen;
  // Every call, as if for the first time: the executor knows those it has.
  for (auto& [number, call] : calls_) {
    if (call.executor == event.executor && call.stage != Stage::kWaitsToRetry) put(call);
  }
}

void RequesterSide::on(LinkLost& event) {
  const auto found = executors_.find(event.executor);
  if (found == executors_.end()) return;
  Executor& executor = found->second;
  executor.state = LinkState::kClosed;
  executor.why_lost = event.why;
  executor.to_acknowledge.clear();
  executor.reopen_ns = now_ns_ + limits_.reopen_ns;
  for (auto& [number, call] : calls_) {
    if (call.executor == event.executor) call.stage = Stage::kWaitsForLink;
  }
  const bool was_short = now_ns_ - executor.opened_ns < limits_.lease_ms * kNsPerMs;
  executor.short_links = was_short ? executor.short_links + 1 : 0;
  if (event.final || executor.short_links >= limits_.short_links_max) {
    executor.short_links = 0;
    lose_all(event.executor, event.why, true);
  }
}

void RequesterSide::lose_all(const PeerId& peer, const std::string& why, bool ended) {
  std::vector<CallNumber> lost;
  for (const auto& [number, call] : calls_) {
    if (call.executor == peer) lost.push_back(number);
  }
  for (const CallNumber number : lost) end(number, Lost{why, ended});
}

// --- What executors say ---

void RequesterSide::on(Heard& event) {
  const auto executor = executors_.find(event.executor);
  if (executor == executors_.end() || executor->second.state != LinkState::kOpen) return;
  executor->second.heard_ns = now_ns_;
  std::visit(
      [&](auto& message) {
        if constexpr (requires { message.message; }) message.message = printable(message.message);
        take(event.executor, message);
      },
      event.message);
}

void RequesterSide::take(const PeerId& /*from*/, Heartbeat& /*heartbeat*/) {}

// What only requesters say.
template <typename Other>
void RequesterSide::take(const PeerId& from, Other& /*message*/) {
  lose_all(from, "the executor broke the protocol: it sent what only requesters send", true);
  actions_.emplace_back(EndLink{from, "it broke the protocol"});
}

void RequesterSide::take(const PeerId& from, Accept& accept) {
  Call* const call = find_offered(from, accept.call);
  if (call == nullptr || call->stage != Stage::kOffered) return;
  call->stage = Stage::kAccepted;
  actions_.emplace_back(Told{accept.call, accept});
}

void RequesterSide::take(const PeerId& from, Busy& busy) {
  Call* const call = find(from, busy.call);
  if (call == nullptr || call->stage != Stage::kOffered) return;
  const bool is_patient =
      call->patience == Patience::kWhileBusy &&
      (call->deadline_ns != UINT64_MAX || now_ns_ - call->asked_ns < limits_.patience_ns);
  if (call->offer() == nullptr || !is_patient) {
    const CallNumber number = busy.call;
    return end(number, std::move(busy));
  }
  call->stage = Stage::kWaitsToRetry;
  // An executor does not make us wait for longer than we would ask again.
  call->retry_ns = now_ns_ + std::min(busy.retry_ms * kNsPerMs, limits_.patience_ns / 4);
  call->busy = std::move(busy);
}

void RequesterSide::take(const PeerId& from, Refuse& refuse) {
  const CallNumber number = refuse.call;
  if (find(from, number) != nullptr) end(number, std::move(refuse));
}

void RequesterSide::take(const PeerId& from, Log& log) {
  Call* const call = find_offered(from, log.call);
  if (call == nullptr || !call->offer()->logs) return;
  call->log_bytes += log.bytes.size();
  if (call->log_bytes > limits_.log_bytes_of_call_max) return;
  actions_.emplace_back(Told{log.call, std::move(log)});
}

// A commitment may be replaced until it is revealed: nobody has learned anything yet. After that an
// executor that commits afresh was started anew, or waits for what others say.
void RequesterSide::take(const PeerId& from, Commit& commit) {
  Call* const call = find_offered(from, commit.call);
  if (call == nullptr || !call->offer()->commit || !call->is_there()) return;
  if (call->revealed) {
    if (call->commit == commit.digest) return say(from, Reveal{{commit.call}});
    say(from, Cancel{commit.call});
    const CallNumber number = commit.call;
    return end(number,
               Lost{"the executor has forgotten the answer that it had committed to", true});
  }
  call->stage = Stage::kAccepted;
  call->commit = commit.digest;
  actions_.emplace_back(Told{commit.call, commit});
}

// Why this cannot be the answer to what was asked.
std::optional<std::string> RequesterSide::fault_of(const Finish& finish, Call& call) {
  if (std::holds_alternative<Probe>(call.question)) return "it answered a probe by a result";
  if (std::holds_alternative<Known>(call.question)) {
    if (finish.cached) return std::nullopt;
    return "it executed what it was only asked to know";
  }
  if (!call.offer()->commit) return std::nullopt;
  if (!call.commit || !call.revealed) return "it told its answer without having committed to it";
  if (sha256(finish.receipt) == *call.commit) return std::nullopt;
  return "its answer is not the one that it had committed to";
}

void RequesterSide::take(const PeerId& from, Finish& finish) {
  const CallNumber number = finish.call;
  Call* const call = find(from, number);
  if (call == nullptr) return;
  auto fault = fault_of(finish, *call);
  if (call->offer() != nullptr) acknowledge(from, number);
  if (fault) return end(number, Fault{*std::move(fault)});
  end(number, std::move(finish));
}

void RequesterSide::take(const PeerId& from, Estimate& estimate) {
  const CallNumber number = estimate.call;
  Call* const call = find(from, number);
  if (call == nullptr || !std::holds_alternative<Probe>(call->question)) return;
  end(number, std::move(estimate));
}

void RequesterSide::take(const PeerId& from, Unknown& unknown) {
  Call* const call = find(from, unknown.call);
  if (call == nullptr || !std::holds_alternative<Known>(call->question)) return;
  end(unknown.call, unknown);
}

void RequesterSide::take(const PeerId& from, Failure& failure) {
  const CallNumber number = failure.call;
  if (find_offered(from, number) == nullptr) return;
  acknowledge(from, number);
  end(number, std::move(failure));
}

void RequesterSide::acknowledge(const PeerId& peer, CallNumber number) {
  Executor& executor = executors_[peer];
  executor.to_acknowledge.push_back(number);
  if (executor.to_acknowledge.size() < kAcknowledgeTogether) return;
  say(peer, Acknowledge{std::exchange(executor.to_acknowledge, {})});
}

// --- Time ---

void RequesterSide::on(RequesterTick& /*event*/) {
  if (now_ns_ < next_sweep_ns_) return;
  sweep_calls();
  sweep_executors();
  const bool needed = std::any_of(executors_.begin(), executors_.end(),
                                  [](const auto& one) { return one.second.calls > 0; });
  next_sweep_ns_ = needed ? now_ns_ + kSweepNs : UINT64_MAX;
}

void RequesterSide::sweep_calls() {
  std::vector<CallNumber> late;
  for (auto& [number, call] : calls_) {
    const bool may_say =
        call.offer() != nullptr && call.is_there() && call.deadline_ns != UINT64_MAX;
    if (now_ns_ >= call.deadline_ns + (may_say ? kLastWordNs : 0)) {
      late.push_back(number);
    } else if (call.stage == Stage::kWaitsToRetry && now_ns_ >= call.retry_ns) {
      put(call);
    }
  }
  for (const CallNumber number : late) {
    Call& call = calls_.at(number);
    if (call.offer() == nullptr) {
      end(number, Lost{"the executor did not answer a question in time", false});
      continue;
    }
    if (call.is_there()) say(call.executor, Cancel{number});
    const std::string busy =
        call.stage == Stage::kWaitsToRetry ? "; the executor was busy: " + call.busy.message : "";
    end(number, Failure{number, FailureKind::kDeadline, "the deadline has passed" + busy});
  }
}

void RequesterSide::sweep_executors() {
  const uint64_t lease_ns = limits_.lease_ms * kNsPerMs;
  for (auto one = executors_.begin(); one != executors_.end();) {
    auto& [peer, executor] = *one;
    if (!executor.to_acknowledge.empty()) {
      say(peer, Acknowledge{std::exchange(executor.to_acknowledge, {})});
    }
    if (executor.calls > 0 && now_ns_ - executor.heard_ns >= lease_ns) {
      const std::string why = executor.why_lost.empty() ? "" : ": " + executor.why_lost;
      const bool ended = executor.state != LinkState::kOpen;
      if (executor.state != LinkState::kClosed) {
        actions_.emplace_back(EndLink{peer, "not heard of for the lease"});
      }
      lose_all(peer,
               fmt::format("the executor {} was not heard of for {} ms{}", peer.to_string(),
                           limits_.lease_ms, why),
               ended);
      one = executors_.erase(one);
      continue;
    }
    if (executor.calls == 0 && executor.state == LinkState::kClosed) {
      one = executors_.erase(one);
      continue;
    }
    if (executor.state == LinkState::kClosed && now_ns_ >= executor.reopen_ns) {
      open(peer, executor);
    }
    if (executor.state == LinkState::kOpen && executor.calls > 0 &&
        now_ns_ - executor.said_ns >= lease_ns / 4) {
      say(peer, Heartbeat{});
    }
    ++one;
  }
}

}  // namespace timerose::scheduler::execute
