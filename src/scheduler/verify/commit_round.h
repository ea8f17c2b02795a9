// Executors that are asked the same thing and must not learn of each other's answers: all commit,
// then all are told to reveal. What is asked for later is another round.
//
// Pure. Executors are named by the numbers of their calls.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace timerose::scheduler::verify {

class CommitRound {
 public:
  void asked(uint64_t call) { calls_.insert_or_assign(call, State::kAsked); }
  // It is bound to its answer (Commit).
  void committed(uint64_t call) { move(call, State::kCommitted); }
  // It refused, failed or was lost: nobody waits for it any more.
  void ended(uint64_t call) { calls_.erase(call); }

  // Whether nobody is waited for and somebody has committed.
  [[nodiscard]] bool may_reveal() const;
  // The calls to reveal, once; they are of this round no more.
  std::vector<uint64_t> reveal();

 private:
  enum class State : uint8_t { kAsked, kCommitted };
  void move(uint64_t call, State state) {
    if (const auto found = calls_.find(call); found != calls_.end()) found->second = state;
  }

  std::map<uint64_t, State> calls_;
};

}  // namespace timerose::scheduler::verify
