#include "scheduler/execute/output_budget.h"

#include <fmt/format.h>

namespace timerose::scheduler::execute {

OutputBudget::Room::~Room() {
  if (bytes_ > 0) budget_.give_back(requester_, bytes_);
}

Status OutputBudget::Room::take(uint64_t bytes) {
  TR_TRY(budget_.take(requester_, bytes));
  bytes_ += bytes;
  return success();
}

Status OutputBudget::take(const PeerId& requester, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = bytes_of_.find(requester);
  const uint64_t had = found == bytes_of_.end() ? 0 : found->second;
  if (bytes > limits_.of_requester_max - had) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("this node holds {} bytes that calls of yours have written already, "
                             "and {} at most until they end; ask for fewer at a time",
                             had, limits_.of_requester_max)};
  }
  if (bytes > limits_.of_all_max - bytes_) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("this node holds {} bytes that calls of others have written, and {} "
                             "at most until they end; ask again when some have",
                             bytes_ - had, limits_.of_all_max)};
  }
  bytes_of_[requester] = had + bytes;
  bytes_ += bytes;
  return success();
}

void OutputBudget::give_back(const PeerId& requester, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_ -= bytes;
  const auto found = bytes_of_.find(requester);
  found->second -= bytes;
  if (found->second == 0) bytes_of_.erase(found);
}

}  // namespace timerose::scheduler::execute
