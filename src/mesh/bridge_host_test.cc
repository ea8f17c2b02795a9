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

TEST(BridgeHost, SaysWhatEachAddressAnsweredWhenItCannotConnect) {
  Node a(1);
  PeerAddresses gone;
  {
    Node b(2);
    ASSERT_TRUE(wait<Listening>(b, {&b}));
    gone = b.where();
  }
  ASSERT_TRUE(a->connect(gone).ok());
  const auto failed = wait<DialFailed>(a, {&a});
  ASSERT_TRUE(failed && failed->peer == gone.peer);
  EXPECT_EQ(failed->why, gone.addresses.front() + ": Connection refused (os error 111)");
}

TEST(BridgeHost, DialsOnWhereAnotherPeerAnswers) {
  Node a(1);
  Node wanted(2);
  Node other(3);
  const std::vector<Node*> all{&a, &wanted, &other};
  ASSERT_TRUE(wait<Listening>(wanted, all));
  ASSERT_TRUE(wait<Listening>(other, all));
  ASSERT_TRUE(a->connect({.peer = wanted.id(), .addresses = other->listen_addresses()}).ok());
  const auto failed = wait<DialFailed>(a, all);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->why, other->listen_addresses().front() + ": another peer is there, " +
                             other.id().to_string());
  ASSERT_TRUE(a->connect(wanted.where()).ok());
  EXPECT_TRUE(wait<ConnectionOpened>(
      a, all, [&](const ConnectionOpened& opened) { return opened.peer == wanted.id(); }));
}

TEST(BridgeHost, RefusesWhatIsNoAddress) {
  Node a(1);
  const auto listened = a->listen("127.0.0.1:4001");
  ASSERT_FALSE(listened.ok());
  EXPECT_EQ(listened.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(listened.error().message.find("127.0.0.1:4001"), std::string::npos);
  EXPECT_FALSE(a->connect({.peer = a.id(), .addresses = {"/ip4/1.2.3.4/what/5"}}).ok());
  HostOptions options;
  options.listen = {"everywhere"};
  EXPECT_FALSE(start_bridge_host(key_of(3), options).ok());
}

TEST(BridgeHost, TellsOfAnAddressThatItCannotListenOn) {
  Node a(1);
  ASSERT_TRUE(wait<Listening>(a, {&a}));
  Node b(2, a->listen_addresses().front());
  const auto ended = wait<ListenEnded>(b, {&b});
  EXPECT_TRUE(ended && ended->address == a->listen_addresses().front() && !ended->why.empty());
}

TEST(BridgeHost, PingsAPeerAndSaysWhyItCannot) {
  Node a(1);
  Node b(2);
  join(a, b);
  const QueryId query = a->ping(b.id());
  const auto pinged = wait<Pinged>(a, {&a, &b});
  EXPECT_TRUE(pinged && pinged->query == query && pinged->round_trip_ns.value_or(0) > 0);
  a->ping(PeerId::of(key_of(9).public_key()));
  const auto failed = wait<Pinged>(a, {&a, &b});
  EXPECT_TRUE(failed && !failed->round_trip_ns && !failed->why.empty());
}

TEST(BridgeHost, HasNoConnectionWithADeniedPeer) {
  Node a(1);
  Node b(2);
  join(a, b);
  a->deny(b.id(), true);
  ASSERT_TRUE(wait<ConnectionClosed>(a, {&a, &b}));
  ASSERT_TRUE(a->connect(b.where()).ok());
  ASSERT_TRUE(wait<DialFailed>(a, {&a, &b}));
  a->deny(b.id(), false);
  ASSERT_TRUE(a->connect(b.where()).ok());
  EXPECT_TRUE(wait<ConnectionOpened>(a, {&a, &b}));
}

TEST(BridgeHost, MeetsOnlyHostsOfItsPrivateNetwork) {
  const auto with_key = [](uint8_t first) {
    return [first](HostOptions& options) { options.network_key = {first, 2, 3}; };
  };
  Node a(1, "/ip4/127.0.0.1/tcp/0", with_key(7));
  Node b(2, "/ip4/127.0.0.1/tcp/0", with_key(7));
  Node other(3, "/ip4/127.0.0.1/tcp/0", with_key(8));
  ASSERT_TRUE(wait<Listening>(a, {&a}));
  ASSERT_TRUE(other->connect(a.where()).ok());
  join(b, a);
  // By now the other would have met it too: it was first, and these take several round trips.
  for (int i = 0; i < 3; ++i) a->close_stream(open(a, b).near);
  EXPECT_FALSE(other.pop<ConnectionOpened>());
  EXPECT_FALSE(a.pop<ConnectionOpened>());
}

TEST(BridgeHost, KeepsToItsNumberOfConnections) {
  Node hub(1, "/ip4/127.0.0.1/tcp/0", [](HostOptions& options) { options.connections_max = 1; });
  Node b(2);
  Node c(3);
  join(b, hub);
  ASSERT_TRUE(c->connect(hub.where()).ok());
  // The hub closes it once it knows who it is: c sees it open and end, or never open.
  EXPECT_TRUE(run({&hub, &b, &c}, [&] {
    return c.pop<DialFailed>().has_value() || c.pop<ConnectionClosed>().has_value();
  }));
  EXPECT_FALSE(hub.pop<ConnectionOpened>());
}

}  // namespace
}  // namespace timerose::mesh
