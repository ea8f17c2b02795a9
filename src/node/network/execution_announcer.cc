#include "node/network/execution_announcer.h"

#include "compute/receipt.h"

namespace timerose::node {

namespace execute = scheduler::execute;

// Only an answer with a receipt is told to others.
void ExecutionAnnouncer::saw(const execute::ExecutorEvent& event) {
  if (next_ != nullptr) next_->saw(event);
  const auto* ended = std::get_if<execute::ExecutionEnded>(&event);
  if (ended == nullptr || ended->duration_ns < kTookMinNs) return;
  const auto* finish = std::get_if<execute::Finish>(&ended->answer);
  if (finish == nullptr || finish->cached || finish->receipt.empty()) return;
  const auto receipt = compute::Receipt::decode(finish->receipt);
  if (receipt.ok()) announce_(receipt->invocation);
}

}  // namespace timerose::node
