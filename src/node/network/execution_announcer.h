// Announces to the DHT the Invocations that this node has executed, so that whoever asks for the
// same finds the answer here. Of the loop's thread.
#pragma once

#include <functional>
#include <unordered_set>

#include "scheduler/execute/observer.h"

namespace timerose::node {

class ExecutionAnnouncer final : public scheduler::execute::Observer {
 public:
  // Nobody searches the DHT for the answer to a call that takes less.
  static constexpr uint64_t kTookMinNs = 200'000'000;

  struct Whose {
    PeerId self;
    bool others = false;  // the Outcomes of others' calls may be given to everyone
  };

  // `next`, if there is one, sees everything too.
  ExecutionAnnouncer(scheduler::execute::Observer* next, Whose whose,
                     std::function<void(const Cid&)> announce)
      : next_(next), whose_(std::move(whose)), announce_(std::move(announce)) {}

  // One that its own user ran without a job.
  void executed(const Cid& invocation, uint64_t took_ns) const {
    if (took_ns >= kTookMinNs) announce_(invocation);
  }

  void saw(const scheduler::execute::ExecutorEvent& event) override;
  void saw(const scheduler::execute::ExecutorAction& action) override;
  void saw(const scheduler::execute::RequesterEvent& event) override {
    if (next_ != nullptr) next_->saw(event);
  }
  void saw(const scheduler::execute::RequesterAction& action) override {
    if (next_ != nullptr) next_->saw(action);
  }

 private:
  scheduler::execute::Observer* const next_;
  const Whose whose_;
  std::unordered_set<scheduler::execute::ExecutionId> own_;  // that run
  const std::function<void(const Cid&)> announce_;
};

}  // namespace timerose::node
