#include "node/network/execution_announcer.h"

#include "compute/receipt.h"

namespace timerose::node {

namespace execute = scheduler::execute;

// Only an answer with a receipt is told to others.
void ExecutionAnnouncer::saw(const execute::ExecutorEvent& event) {
  if (next_ != nullptr) next_->saw(event);
  const auto* ended = std::get_if<execute::ExecutionEnded>(&event);
  if (ended == nullptr) return;
  const bool is_own = own_.erase(ended->execution) > 0;
  if ((!is_own && !whose_.others) || ended->duration_ns < kTookMinNs) return;
  const auto* finish = std::get_if<execute::Finish>(&ended->answer);
  if (finish == nullptr || finish->cached || finish->receipt.empty()) return;
  const auto receipt = compute::Receipt::decode(finish->receipt);
  if (receipt.ok()) announce_(receipt->invocation);
}

void ExecutionAnnouncer::saw(const execute::ExecutorAction& action) {
  if (next_ != nullptr) next_->saw(action);
  const auto* launch = std::get_if<execute::Launch>(&action);
  if (launch != nullptr && launch->job->requester == whose_.self) own_.insert(launch->execution);
}

}  // namespace timerose::node
