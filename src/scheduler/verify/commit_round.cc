#include "scheduler/verify/commit_round.h"

#include <algorithm>

namespace timerose::scheduler::verify {

bool CommitRound::may_reveal() const {
  return !calls_.empty() && std::ranges::all_of(calls_, [](const auto& call) {
    return call.second == State::kCommitted;
  });
}

std::vector<uint64_t> CommitRound::reveal() {
  std::vector<uint64_t> calls;
  if (!may_reveal()) return calls;
  for (const auto& [call, state] : calls_) calls.push_back(call);
  calls_.clear();
  return calls;
}

}  // namespace timerose::scheduler::verify
