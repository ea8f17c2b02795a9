#include "scheduler/execute/known_inputs.h"

#include <algorithm>

namespace timerose::scheduler::execute {
namespace {

// Calls visit(cid) until one gives false; whether none did.
template <typename Visit>
bool for_each_root(const compute::Invocation& call, const Visit& visit) {
  if (!visit(call.module)) return false;
  const auto of_pair = [&](const auto& pair) { return visit(pair.second); };
  return std::ranges::all_of(call.links, of_pair) && std::ranges::all_of(call.inputs, visit) &&
         std::ranges::all_of(call.mounts, of_pair) && (!call.stdin_file || visit(*call.stdin_file));
}

}  // namespace

std::vector<Cid> roots_of(const compute::Invocation& call) {
  std::vector<Cid> roots;
  for_each_root(call, [&](const Cid& cid) {
    roots.push_back(cid);
    return true;
  });
  return roots;
}

void KnownInputs::add(const Cid& root) {
  const std::lock_guard lock(mutex_);
  if (whole_.size() >= kRootsMax) whole_.clear();
  whole_.insert(root);
}

bool KnownInputs::has(const Cid& root) const {
  const std::lock_guard lock(mutex_);
  return whole_.contains(root);
}

bool KnownInputs::has_all(const compute::Invocation& call) const {
  const std::lock_guard lock(mutex_);
  return for_each_root(call, [this](const Cid& cid) { return whole_.contains(cid); });
}

}  // namespace timerose::scheduler::execute
