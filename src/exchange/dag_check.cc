#include "exchange/dag_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace timerose::exchange {

using Role = PartStep::Role;

DagCheck::DagCheck(const Cid& root, const DagPart& part) : part_(part) {
  PartStep first = first_step(root, part);
  // A root that is in its CID is no block that comes.
  if (const auto inside = identity_data(root)) {
    unknown_ = !enter(first, *inside).ok();
    return;
  }
  waiting_.emplace(root.as_v1(), std::move(first));
}

Result<bool> DagCheck::add(const Block& block) {
  const Cid cid = block.cid().as_v1();
  if (seen_.contains(cid)) {
    if (++duplicates_ > kDuplicatesMax) {
      return Error{ErrorCode::kLimitExceeded, "the same blocks are sent again and again"};
    }
    return false;
  }
  const auto [begin, end] = waiting_.equal_range(cid);
  if (begin == end) {
    return Error{ErrorCode::kMismatch,
                 fmt::format("block {} is no part of what was asked for", block.cid().to_string())};
  }
  std::vector<PartStep> steps;
  for (auto at = begin; at != end; ++at) steps.push_back(at->second);
  waiting_.erase(begin, end);
  seen_.insert(cid);
  const bool may_be_entered_again = std::ranges::none_of(steps, [](const PartStep& step) {
    return is_entered_once(step.role) || step.cid.codec() == Codec::kRaw;
  });
  if (may_be_entered_again && kept_bytes_ + block.size() <= kKeptBytesMax) {
    kept_.emplace(cid, block.data());
    kept_bytes_ += block.size();
  }
  for (const PartStep& step : steps) TR_TRY(enter(step, block.data()));
  return true;
}

// Expects what a block leads to, and what blocks that came before lead to if that leads to them.
Status DagCheck::enter(const PartStep& first, const SharedBytes& block) {
  std::vector<PartStep> known = {first};
  SharedBytes data = block;
  while (!known.empty()) {
    const PartStep step = std::move(known.back());
    known.pop_back();
    if (is_entered_once(step.role) && !entered_.insert(step.cid.as_v1()).second) continue;
    if (!(step == first)) {
      const auto inside = identity_data(step.cid);
      const auto kept = kept_.find(step.cid.as_v1());
      if (!inside && kept == kept_.end()) {
        unknown_ = true;
        continue;
      }
      data = inside ? *inside : kept->second;
    }
    TR_ASSIGN(std::vector<PartStep> below, steps_below(step, data, part_));
    for (PartStep& child : below) TR_TRY(expect(std::move(child), known));
  }
  return success();
}

Status DagCheck::expect(PartStep step, std::vector<PartStep>& known) {
  const Cid cid = step.cid.as_v1();
  const bool is_here = seen_.contains(cid) || identity_data(cid).has_value();
  if (is_here) {
    const bool leads_on = step.role != Role::kAlone && cid.codec() != Codec::kRaw;
    if (leads_on && !entered_.contains(cid)) known.push_back(std::move(step));
    return success();
  }
  if (is_waiting(step)) return success();
  waiting_.emplace(cid, std::move(step));
  if (waiting_.size() <= kLinksWaitingMax) return success();
  return Error{ErrorCode::kLimitExceeded,
               fmt::format("the DAG has more than {} links that wait", kLinksWaitingMax)};
}

bool DagCheck::is_waiting(const PartStep& step) const {
  const auto [begin, end] = waiting_.equal_range(step.cid.as_v1());
  return std::any_of(begin, end, [&](const auto& entry) {
    return entry.second.role == Role::kAll || entry.second == step;
  });
}

}  // namespace timerose::exchange
