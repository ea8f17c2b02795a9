#include "mesh/connection_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "multiformats/peer_testing.h"

namespace timerose::mesh {
namespace {

using ::testing::UnorderedElementsAre;

constexpr uint64_t kSecond = 1'000'000'000;

class Policy : public testing::Test {
 protected:
  static ConnectionLimits limits() {
    ConnectionLimits limits;
    limits.low = 2;
    limits.high = 4;
    limits.of_address_max = 2;
    limits.of_subnet_max = 3;
    return limits;
  }

  std::vector<PolicyAction> open(uint8_t number, Direction direction = Direction::kOutbound,
                                 const Address& address = "/ip4/127.0.0.1/tcp/1") {
    return policy.step(now,
                       PeerOpened{ConnectionId{number}, numbered_peer(number), direction, address});
  }
  std::vector<PolicyAction> close(uint8_t number) {
    return policy.step(now, PeerClosed{ConnectionId{number}});
  }
  static std::vector<PeerId> ended(const std::vector<PolicyAction>& actions) {
    std::vector<PeerId> peers;
    for (const PolicyAction& action : actions) {
      if (const auto* end = std::get_if<EndPeer>(&action)) peers.push_back(end->peer);
    }
    return peers;
  }
  // Ticks whenever one is due; gives the moment of the first dial.
  uint64_t next_dial() {
    while (policy.next_tick_ns() != UINT64_MAX) {
      now = policy.next_tick_ns();
      for (const PolicyAction& action : policy.step(now, PolicyTick{})) {
        if (std::holds_alternative<DialAgain>(action)) return now;
      }
    }
    return UINT64_MAX;
  }

  SeededRandom random{7};
  ConnectionPolicy policy{random, limits()};
  uint64_t now = kSecond;
};

TEST_F(Policy, TrimsTheLeastRecentlyUsedDownToTheLowMark) {
  for (uint8_t i = 1; i <= 4; ++i) {
    now += kSecond;
    EXPECT_TRUE(open(i).empty());
  }
  now += 60 * kSecond;
  policy.step(now, PeerUsed{numbered_peer(1)});
  EXPECT_THAT(ended(open(5)),
              UnorderedElementsAre(numbered_peer(2), numbered_peer(3), numbered_peer(4)));
}

TEST_F(Policy, KeepsProtectedAndWantedPeers) {
  for (uint8_t i = 1; i <= 4; ++i) open(i);
  policy.step(now, ProtectPeer{numbered_peer(1), "mesh"});
  policy.step(now, WantPeer{{numbered_peer(2), {}}});
  now += 60 * kSecond;
  EXPECT_THAT(ended(open(5)), UnorderedElementsAre(numbered_peer(3), numbered_peer(4)));
}

TEST_F(Policy, TrimsYoungConnectionsOnlyOnceTheirGraceIsOver) {
  for (uint8_t i = 1; i <= 5; ++i) EXPECT_TRUE(open(i).empty());
  EXPECT_EQ(policy.next_tick_ns(), now + limits().grace_ns);
  now = policy.next_tick_ns();
  EXPECT_EQ(ended(policy.step(now, PolicyTick{})).size(), 3U);
}

TEST_F(Policy, LimitsInboundConnectionsOfOneAddress) {
  const Address address = "/ip4/10.0.0.1/tcp/1";
  EXPECT_TRUE(open(1, Direction::kInbound, address).empty());
  EXPECT_TRUE(open(2, Direction::kInbound, address).empty());
  EXPECT_EQ(ended(open(3, Direction::kInbound, address)), std::vector{numbered_peer(3)});
  close(3);
  close(1);
  EXPECT_TRUE(open(4, Direction::kInbound, address).empty());
}

TEST_F(Policy, LimitsInboundConnectionsOfOneSubnet) {
  EXPECT_TRUE(open(1, Direction::kInbound, "/ip4/1.0.0.1/tcp/1").empty());
  EXPECT_TRUE(open(2, Direction::kInbound, "/ip4/1.0.0.2/udp/1/quic-v1").empty());
  EXPECT_TRUE(open(3, Direction::kInbound, "/ip4/1.0.0.3/tcp/1").empty());
  EXPECT_EQ(ended(open(4, Direction::kInbound, "/ip4/1.0.0.4/tcp/1")),
            std::vector{numbered_peer(4)});
  EXPECT_TRUE(open(5, Direction::kOutbound, "/ip4/1.0.0.5/tcp/1").empty());
}

TEST_F(Policy, DialsAWantedPeerAgainLessAndLessOften) {
  policy.step(now, WantPeer{{numbered_peer(1), {"/ip4/127.0.0.1/tcp/9"}}});
  uint64_t failed = now;
  uint64_t last_wait = 0;
  for (int i = 0; i < 20; ++i) {
    failed = now;
    policy.step(now, PeerDialFailed{numbered_peer(1)});
    const uint64_t wait = next_dial() - failed;
    EXPECT_LE(wait, limits().retry_max_ns);
    EXPECT_GE(wait, i < 8 ? last_wait : limits().retry_max_ns / 4);
    last_wait = wait;
  }
}

TEST_F(Policy, DialsALostWantedPeerAtOnceAgainIfItWasThereForLong) {
  policy.step(now, WantPeer{{numbered_peer(1), {}}});
  for (int i = 0; i < 5; ++i) policy.step(now, PeerDialFailed{numbered_peer(1)});
  open(1);
  now += 60 * kSecond;
  close(1);
  const uint64_t closed = now;
  EXPECT_LE(next_dial() - closed, limits().retry_first_ns);
}

TEST_F(Policy, DoesNotDialInATightLoopAPeerThatEndsEveryConnection) {
  policy.step(now, WantPeer{{numbered_peer(1), {}}});
  uint64_t dials = 0;
  const uint64_t until = now + 600 * kSecond;
  while (now < until) {
    open(1);
    close(1);
    if (next_dial() == UINT64_MAX) break;
    ++dials;
  }
  EXPECT_LE(dials, 20U);
}

TEST_F(Policy, NoLongerDialsAPeerThatIsNotWantedAnyMore) {
  policy.step(now, WantPeer{{numbered_peer(1), {}}});
  policy.step(now, PeerDialFailed{numbered_peer(1)});
  policy.step(now, UnwantPeer{numbered_peer(1)});
  EXPECT_EQ(policy.next_tick_ns(), UINT64_MAX);
}

TEST_F(Policy, EndsPeersThatAreNotAllowed) {
  open(1);
  open(2);
  EXPECT_EQ(ended(policy.step(now, AllowOnly{{numbered_peer(1)}})), std::vector{numbered_peer(2)});
  EXPECT_EQ(ended(open(3)), std::vector{numbered_peer(3)});
}

TEST(CountedAddress, TakesLoopbackRelaysAndNamesAsNotCounted) {
  for (const char* address : {"/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1", "/dns4/example.org/tcp/1",
                              "/ip4/10.0.0.1/tcp/1/p2p/X/p2p-circuit"}) {
    EXPECT_TRUE(counted_address(address).address.empty()) << address;
  }
  EXPECT_EQ(counted_address("/ip4/1.1.2.3/tcp/1").subnet,
            counted_address("/ip4/1.1.2.200/udp/4/quic-v1").subnet);
  EXPECT_NE(counted_address("/ip4/1.1.2.3/tcp/1").subnet,
            counted_address("/ip4/1.1.3.3/tcp/1").subnet);
}

TEST(CountedAddress, TakesAnIpv6NetworkOfOneHostForOneAddress) {
  const CountedAddress one = counted_address("/ip6/2001:db8:1:2::3/tcp/1");
  EXPECT_EQ(one.address, counted_address("/ip6/2001:db8:1:2:ffff::4/tcp/1").address);
  const CountedAddress next = counted_address("/ip6/2001:db8:1:3::3/tcp/1");
  EXPECT_NE(one.address, next.address);
  EXPECT_EQ(one.subnet, next.subnet);
  EXPECT_NE(one.subnet, counted_address("/ip6/2001:db8:2:2::3/tcp/1").subnet);
}

TEST(CountedAddress, HasNoSubnetInAPrivateNetwork) {
  for (const char* address :
       {"/ip4/10.1.2.3/tcp/1", "/ip4/172.31.0.1/tcp/1", "/ip4/192.168.1.1/tcp/1",
        "/ip4/169.254.1.1/tcp/1", "/ip6/fd00::1/tcp/1", "/ip6/fe80::1/tcp/1"}) {
    EXPECT_TRUE(counted_address(address).subnet.empty()) << address;
    EXPECT_FALSE(counted_address(address).address.empty()) << address;
  }
  EXPECT_FALSE(counted_address("/ip4/172.32.0.1/tcp/1").subnet.empty());
}

}  // namespace
}  // namespace timerose::mesh
