#include "mesh/bridge_host.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mesh/bridge_testing.h"

namespace timerose::mesh {
namespace {

using namespace testing_hosts;  // NOLINT(google-build-using-namespace)

class BridgeHostOver : public testing::TestWithParam<const char*> {};

TEST_P(BridgeHostOver, CarriesFramesOfEverySizeBothWays) {
  Node a(1, GetParam());
  Node b(2, GetParam());
  join(a, b);
  const auto [near, far] = open(a, b);
  for (const size_t size : {0UL, 1UL, 127UL, 128UL, 70000UL, 4UL << 20}) {
    const Bytes frame = pattern(size, 3);
    const ByteView whole(frame);
    ASSERT_EQ(a->send(near, {whole.first(size / 3), whole.subspan(size / 3)}), Sent::kTaken);
    const auto there = wait<StreamFrame>(b, {&a, &b});
    ASSERT_TRUE(there && equal(there->frame.view(), frame)) << size;
    ASSERT_EQ(b->send(far, {there->frame.view()}), Sent::kTaken);
    const auto back = wait<StreamFrame>(a, {&a, &b});
    ASSERT_TRUE(back && back->stream == near && equal(back->frame.view(), frame)) << size;
  }
  a->close_stream(near);
  const auto closed = wait<StreamClosed>(b, {&a, &b});
  EXPECT_TRUE(closed && closed->stream == far && closed->why.empty());
  EXPECT_EQ(b->send(far, {}), Sent::kClosed);
}

INSTANTIATE_TEST_SUITE_P(Transports, BridgeHostOver,
                         testing::Values("/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1",
                                         "/ip4/127.0.0.1/tcp/0/ws"));

TEST(BridgeHost, TellsWhoItIsConnectedTo) {
  Node a(1);
  Node b(2);
  join(a, b);
  const auto told = wait<Identified>(a, {&a, &b});
  ASSERT_TRUE(told);
  EXPECT_EQ(told->peer, b.id());
  EXPECT_EQ(told->agent, "timerose");
  EXPECT_NE(std::find(told->protocols.begin(), told->protocols.end(), kEcho.name),
            told->protocols.end());
  EXPECT_EQ(told->addresses, b->listen_addresses());
  a->disconnect(b.id());
  const auto closed = wait<ConnectionClosed>(b, {&a, &b});
  EXPECT_TRUE(closed && closed->peer == a.id());
}

}  // namespace
}  // namespace timerose::mesh
