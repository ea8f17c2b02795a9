// Answers that are committed to: kept from everyone until the requester says that they may be told.
#include <algorithm>
#include <utility>

#include "scheduler/execute/executor_side.h"

namespace timerose::scheduler::execute {

// From the offer on, so that no moment is left in which the answer is known and may be asked for.
bool ExecutorSide::is_secret(const Cid& invocation) const {
  const auto secret = secrets_.find(invocation);
  return secret != secrets_.end() && now_ns_ < secret->second.until_ns;
}

// The asker's answer is there and may not be told: to who wanted it committed to not yet, and to
// others not before that.
void ExecutorSide::hold(const Asker& asker, Call& call, std::shared_ptr<const Answer> answer) {
  answer = fit(asker, call, std::move(answer));
  call.execution = {};
  if (!std::holds_alternative<Finish>(*answer)) return this->answer(asker, call, answer);
  call.held = std::move(answer);
  Secret& secret = secrets_.at(call.invocation);
  if (!call.commit) {
    secret.waiting.push_back(asker);
    return;
  }
  secret.until_ns = std::min(secret.until_ns, now_ns_ + limits_.withhold_ns);
  call.accepted = true;
  send_commit(asker, call);
}

void ExecutorSide::send_commit(const Asker& asker, const Call& call) {
  send(call.link, Commit{asker.call, sha256(std::get<Finish>(*call.held).receipt)});
}

void ExecutorSide::take(mesh::StreamId /*link*/, Link& from, const Reveal& reveal) {
  for (const CallNumber number : reveal.calls) {
    const Asker asker{from.peer, number};
    Call* const call = find(asker);
    if (call == nullptr || call->answer || !call->commit || !call->held) continue;
    answer(asker, *call, call->held);
  }
}

// After the call's answer was told, or nobody waits for it any more.
void ExecutorSide::end_secret(const Asker& asker, Call& call) {
  const auto found = secrets_.find(call.invocation);
  if (found == secrets_.end()) return;
  Secret& secret = found->second;
  if (call.held) {
    std::erase_if(secret.waiting, [&](const Asker& one) {
      return one.call == asker.call && one.peer == asker.peer;
    });
    call.held.reset();
  }
  if (!std::exchange(call.commit, false) || --secret.calls > 0) return;
  std::vector<Asker> waiting = std::move(secret.waiting);
  secrets_.erase(found);
  tell_waiting(std::move(waiting));
}

void ExecutorSide::tell_waiting(std::vector<Asker> waiting) {
  for (const Asker& asker : waiting) {
    Call* const call = find(asker);
    answer(asker, *call, std::exchange(call->held, nullptr));
  }
}

void ExecutorSide::hand_back_held() {
  std::vector<Asker> askers;
  for (const auto& [peer, requester] : requesters_) {
    for (const auto& [number, call] : requester.calls) {
      if (call.commit && call.held) askers.push_back({peer, number});
    }
  }
  for (const Asker& asker : askers) hand_back(asker);
}

}  // namespace timerose::scheduler::execute
