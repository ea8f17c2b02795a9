#include "scheduler/execute/trust.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace timerose::scheduler::execute {
namespace {

constexpr std::array<const char*, kRoles> kNames{"requester", "executor", "verifier"};

uint8_t bit_of(Role role) { return static_cast<uint8_t>(1U << static_cast<unsigned>(role)); }

}  // namespace

const char* role_name(Role role) { return kNames.at(static_cast<size_t>(role)); }

Result<Role> role_named(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found != kNames.end()) return static_cast<Role>(found - kNames.begin());
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("a role is requester, executor or verifier, not '{}'", name)};
}

Status TrustList::add(const PeerId& peer, Role role) {
  if (!roles_.contains(peer) && roles_.size() >= kKeysMax) {
    return Error{ErrorCode::kLimitExceeded, fmt::format("{} keys are trusted already", kKeysMax)};
  }
  roles_[peer] |= bit_of(role);
  return success();
}

bool TrustList::remove(const PeerId& peer, Role role) {
  const auto found = roles_.find(peer);
  if (found == roles_.end() || (found->second & bit_of(role)) == 0) return false;
  found->second &= static_cast<uint8_t>(~bit_of(role));
  if (found->second == 0) roles_.erase(found);
  return true;
}

bool TrustList::has(const PeerId& peer, Role role) const {
  if (peer == self_) return true;
  const auto found = roles_.find(peer);
  return found != roles_.end() && (found->second & bit_of(role)) != 0;
}

std::vector<Role> TrustList::roles_of(const PeerId& peer) const {
  std::vector<Role> roles;
  for (size_t i = 0; i < kRoles; ++i) {
    const auto role = static_cast<Role>(i);
    if (peer != self_ && has(peer, role)) roles.push_back(role);
  }
  return roles;
}

std::vector<PeerId> TrustList::peers() const {
  std::vector<PeerId> peers;
  peers.reserve(roles_.size());
  for (const auto& [peer, roles] : roles_) peers.push_back(peer);
  return peers;
}

}  // namespace timerose::scheduler::execute
