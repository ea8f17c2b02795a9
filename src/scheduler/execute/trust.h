// Whom this node trusts with what: keys, each with roles. A node always trusts its own key.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "multiformats/peer_id.h"

namespace timerose::scheduler::execute {

enum class Role : uint8_t {
  kRequester,  // we execute for it
  kExecutor,   // its answers count
  kVerifier,   // its word on others' answers counts
};
inline constexpr size_t kRoles = 3;

const char* role_name(Role role);  // "requester", ...
// kInvalidArgument lists the names.
Result<Role> role_named(std::string_view name);

class TrustList {
 public:
  // Keys there may be.
  static constexpr size_t kKeysMax = 16'384;

  explicit TrustList(PeerId self) : self_(std::move(self)) {}

  [[nodiscard]] const PeerId& self() const { return self_; }

  Status add(const PeerId& peer, Role role);
  // False if it had no such role.
  bool remove(const PeerId& peer, Role role);
  [[nodiscard]] bool has(const PeerId& peer, Role role) const;

  // The roles of each, in order; our own key is not listed.
  [[nodiscard]] std::vector<Role> roles_of(const PeerId& peer) const;
  [[nodiscard]] std::vector<PeerId> peers() const;

 private:
  PeerId self_;
  std::map<PeerId, uint8_t> roles_;  // a bit for each role; never 0
};

}  // namespace timerose::scheduler::execute
