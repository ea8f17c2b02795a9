#include "scheduler/execute/trust.h"

#include <gtest/gtest.h>

namespace timerose::scheduler::execute {
namespace {

PeerId peer_number(uint8_t number) {
  return PeerId::of(PrivateKey::from_seed({number}).public_key());
}

TEST(TrustList, TrustsItsOwnKeyWithEverythingAndNobodyElse) {
  const TrustList trust(peer_number(1));
  for (const Role role : {Role::kRequester, Role::kExecutor, Role::kVerifier}) {
    EXPECT_TRUE(trust.has(peer_number(1), role));
    EXPECT_FALSE(trust.has(peer_number(2), role));
  }
  EXPECT_TRUE(trust.peers().empty());
}

TEST(TrustList, GivesAndTakesOneRoleAtATime) {
  TrustList trust(peer_number(1));
  ASSERT_TRUE(trust.add(peer_number(2), Role::kRequester).ok());
  ASSERT_TRUE(trust.add(peer_number(2), Role::kVerifier).ok());
  EXPECT_EQ(trust.roles_of(peer_number(2)), (std::vector{Role::kRequester, Role::kVerifier}));
  EXPECT_FALSE(trust.has(peer_number(2), Role::kExecutor));
  EXPECT_FALSE(trust.remove(peer_number(2), Role::kExecutor));
  EXPECT_TRUE(trust.remove(peer_number(2), Role::kRequester));
  EXPECT_FALSE(trust.has(peer_number(2), Role::kRequester));
  EXPECT_TRUE(trust.remove(peer_number(2), Role::kVerifier));
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
