#include "scheduler/execute/trust.h"

#include <gtest/gtest.h>

#include "multiformats/peer_testing.h"

namespace timerose::scheduler::execute {
namespace {

TEST(TrustList, TrustsItsOwnKeyWithEverythingAndNobodyElse) {
  const TrustList trust(numbered_peer(1));
  for (const Role role : {Role::kRequester, Role::kExecutor, Role::kVerifier}) {
    EXPECT_TRUE(trust.has(numbered_peer(1), role));
    EXPECT_FALSE(trust.has(numbered_peer(2), role));
  }
  EXPECT_TRUE(trust.peers().empty());
}

TEST(TrustList, GivesAndTakesOneRoleAtATime) {
  TrustList trust(numbered_peer(1));
  ASSERT_TRUE(trust.add(numbered_peer(2), Role::kRequester).ok());
  ASSERT_TRUE(trust.add(numbered_peer(2), Role::kVerifier).ok());
  EXPECT_EQ(trust.roles_of(numbered_peer(2)), (std::vector{Role::kRequester, Role::kVerifier}));
  EXPECT_FALSE(trust.has(numbered_peer(2), Role::kExecutor));
  EXPECT_FALSE(trust.remove(numbered_peer(2), Role::kExecutor));
  EXPECT_TRUE(trust.remove(numbered_peer(2), Role::kRequester));
  EXPECT_FALSE(trust.has(numbered_peer(2), Role::kRequester));
  EXPECT_TRUE(trust.remove(numbered_peer(2), Role::kVerifier));
  EXPECT_TRUE(trust.peers().empty());
}

TEST(TrustList, NamesItsRoles) {
  for (const Role role : {Role::kRequester, Role::kExecutor, Role::kVerifier}) {
    EXPECT_EQ(role_named(role_name(role)).value(), role);
  }
  EXPECT_NE(role_named("boss").error().message.find("verifier"), std::string::npos);
}

}  // namespace
}  // namespace timerose::scheduler::execute
