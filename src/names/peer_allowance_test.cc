#include "names/peer_allowance.h"

#include <gtest/gtest.h>

#include "names/names_testing.h"

namespace timerose::names {
namespace {

using testing::kSecondNs;
using testing::peer_number;

TEST(PeerAllowance, IsABurstAndThenARateForEachPeer) {
  PeerAllowance allowance;
  for (uint64_t i = 0; i < PeerAllowance::kBurst; ++i) {
    EXPECT_TRUE(allowance.take(peer_number(1), 0)) << i;
  }
  EXPECT_FALSE(allowance.take(peer_number(1), 0));
  EXPECT_TRUE(allowance.take(peer_number(2), 0));
  for (uint64_t i = 0; i < PeerAllowance::kPerSecond; ++i) {
    EXPECT_TRUE(allowance.take(peer_number(1), kSecondNs)) << i;
  }
  EXPECT_FALSE(allowance.take(peer_number(1), kSecondNs));
  for (uint64_t i = 0; i < PeerAllowance::kBurst; ++i) {
    EXPECT_TRUE(allowance.take(peer_number(1), 100 * kSecondNs)) << i;
  }
  EXPECT_FALSE(allowance.take(peer_number(1), 100 * kSecondNs));
}

TEST(PeerAllowance, RemembersBusyPeersWhenItForgetsIdleOnes) {
  PeerAllowance allowance;
  const PeerId busy = peer_number(255);
  for (uint64_t i = 0; i < PeerAllowance::kBurst; ++i) EXPECT_TRUE(allowance.take(busy, 0));
  for (size_t i = 0; i < PeerAllowance::kPeersMax; ++i) {
    PublicKey key;
    key.bytes[0] = static_cast<uint8_t>(i);
    key.bytes[1] = static_cast<uint8_t>(i >> 8);
    // The last ones come when the first are idle and the busy one is not.
    const uint64_t now_ns = i + 2 < PeerAllowance::kPeersMax ? 0 : kSecondNs;
    EXPECT_TRUE(allowance.take(PeerId::of(key), now_ns));
  }
  uint64_t taken = 0;
  while (allowance.take(busy, kSecondNs)) ++taken;
  EXPECT_EQ(taken, PeerAllowance::kPerSecond);
}

}  // namespace
}  // namespace timerose::names
