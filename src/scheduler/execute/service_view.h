// What the executor's decisions ask of their surroundings, as a running node answers. Of the loop's
// thread.
#pragma once

#include <utility>

#include "compute/runner.h"
#include "scheduler/execute/executor_side.h"
#include "scheduler/execute/gate.h"
#include "scheduler/execute/worker.h"

namespace timerose::scheduler::execute {

class ServiceView final : public ExecutorView {
 public:
  ServiceView(GateRules rules, Clock& clock, RunnerOf runner_of)
      : gate_(std::move(rules), clock), runner_of_(std::move(runner_of)) {}
  Gate& gate() { return gate_; }
  void look_into(const KnownInputs& known) { known_ = &known; }

  [[nodiscard]] bool may_ask(const PeerId& requester) const override {
    return gate_.may_ask(requester);
  }
  [[nodiscard]] Admission admit(const Asked& asked) const override { return gate_.admit(asked); }
  [[nodiscard]] bool has_inputs(const Job& job) const override {
    return known_->has_all(job.invocation);
  }
  [[nodiscard]] bool shares_answers(const PeerId& requester) const override {
    const auto runner = runner_of_ ? runner_of_(requester) : nullptr;
    return runner == nullptr || !runner->scope();
  }

 private:
  mutable Gate gate_;  // remembers which signatures are right
  const RunnerOf runner_of_;
  const KnownInputs* known_ = nullptr;
};

}  // namespace timerose::scheduler::execute
