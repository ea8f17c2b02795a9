#include "http/car_walk.h"

#include <fmt/format.h>

#include <iterator>

namespace timerose::http {

using exchange::PartStep;

CarWalk::CarWalk(Blockstore& store, CarPlan plan) : store_(store), plan_(std::move(plan)) {
  waiting_.push_back(exchange::first_step(plan_.terminus, plan_.part));
  for (auto cid = plan_.way.rbegin(); cid != plan_.way.rend(); ++cid) {
    waiting_.push_back({*cid, PartStep::Role::kAlone});
  }
}

Result<std::optional<Block>> CarWalk::next() {
  while (!waiting_.empty()) {
    const PartStep step = std::move(waiting_.back());
    waiting_.pop_back();
    if (is_done(step)) continue;
    if (plan_.denied && plan_.denied(step.cid)) {
      return Error{ErrorCode::kPermission, step.cid.to_string() + " is not served here"};
    }
    TR_ASSIGN(SharedBytes block, store_.get(step.cid));
    TR_ASSIGN(auto below, exchange::steps_below(step, block, plan_.part));
    TR_TRY(push(std::move(below)));
    if (is_to_be_sent(step.cid)) {
      return std::optional(Block::trusted(step.cid, std::move(block)));
    }
  }
  return std::optional<Block>();
}

// Whether nothing that a step leads to is left to be sent. A part of a file is gone through again:
// what was wanted of it before may have been another range.
bool CarWalk::is_done(const PartStep& step) {
  if (plan_.duplicates == Duplicates::kYes) return false;
  if (step.role == PartStep::Role::kAlone) return sent_.contains(step.cid.as_v1());
  return exchange::is_entered_once(step.role) && !entered_.insert(step.cid.as_v1()).second;
}

bool CarWalk::is_to_be_sent(const Cid& cid) {
  if (cid.multihash().code == static_cast<uint64_t>(HashCode::kIdentity)) return false;
  return plan_.duplicates == Duplicates::kYes || sent_.insert(cid.as_v1()).second;
}

Status CarWalk::push(std::vector<PartStep> steps) {
  if (waiting_.size() + steps.size() > kLinksWaitingMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("more than {} links wait to be followed; ask for parts of the DAG",
                             kLinksWaitingMax)};
  }
  waiting_.insert(waiting_.end(), std::make_move_iterator(steps.rbegin()),
                  std::make_move_iterator(steps.rend()));
  return success();
}

}  // namespace timerose::http
