#include "exchange/bitswap/policy.h"

#include <gtest/gtest.h>

#include "exchange/bitswap/server_testing.h"

namespace timerose::bitswap {
namespace {

TEST(ServingPolicy, ServesEverybodyEverythingByDefault) {
  EXPECT_TRUE(ServingPolicy().serves(peer_of(1), cid_of("a")));
}

TEST(ServingPolicy, ServesListedPeersAlone) {
  ServingPolicy policy(ServingPolicy::Peers::kListed);
  policy.list_peer(peer_of(1));
  EXPECT_TRUE(policy.serves(peer_of(1), cid_of("a")));
  EXPECT_FALSE(policy.serves(peer_of(2), cid_of("a")));
  policy.unlist_peer(peer_of(1));
  EXPECT_FALSE(policy.serves(peer_of(1)));
}

TEST(ServingPolicy, DeniesABlockUnderAnyOfItsCids) {
  ServingPolicy policy;
  policy.deny(cid_of("a"));
  const Cid other = Cid::of_sha256(Codec::kDagPb, as_bytes("a"));
  EXPECT_FALSE(policy.serves(peer_of(1), cid_of("a")));
  EXPECT_FALSE(policy.serves(peer_of(1), other));
  EXPECT_FALSE(policy.serves(peer_of(1), *other.as_v0()));
  EXPECT_TRUE(policy.serves(peer_of(1), cid_of("b")));
  policy.clear_denied();
  EXPECT_TRUE(policy.serves(peer_of(1), cid_of("a")));
}

}  // namespace
}  // namespace timerose::bitswap
