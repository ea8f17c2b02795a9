// Announces to the DHT the Invocations that this node has executed for others, so that whoever
// asks for the same finds the answer here. Of the loop's thread.
#pragma once

#include <functional>

#include "scheduler/execute/observer.h"

namespace timerose::node {

class ExecutionAnnouncer final : public scheduler::execute::Observer {
 public:
  // Nobody searches the DHT for the answer to a call that takes less.
  static constexpr uint64_t kTookMinNs = 200'000'000;

  // `next`, if there is one, sees everything too.
  ExecutionAnnouncer(scheduler::execute::Observer* next, std::function<void(const Cid&)> announce)
      : next_(next), announce_(std::move(announce)) {}

  void saw(const scheduler::execute::ExecutorEvent& event) override;
  void saw(const scheduler::execute::ExecutorAction& action) override {
    if (next_ != nullptr) next_->saw(action);
  }
  void saw(const scheduler::execute::RequesterEvent& event) override {
    if (next_ != nullptr) next_->saw(event);
  }
  void saw(const scheduler::execute::RequesterAction& action) override {
    if (next_ != nullptr) next_->saw(action);
  }

 private:
  scheduler::execute::Observer* const next_;
  const std::function<void(const Cid&)> announce_;
};

}  // namespace timerose::node
