// Hosts that meet by other ways than a plain dial: TLS, relays, hole punching, multicast; and those
// that are kept out.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>

#include "mesh/bridge_network_testing.h"
#include "mesh/bridge_testing.h"

namespace timerose::mesh {
namespace {

using namespace testing_hosts;  // NOLINT(google-build-using-namespace)

constexpr const char* kTcp = "/ip4/127.0.0.1/tcp/0";

std::function<void(HostOptions&)> only(Security security) {
  return [security](HostOptions& options) { options.security = security; };
}

void relays(HostOptions& options) { options.relay_server = true; }
void listens_nowhere(HostOptions& options) { options.listen.clear(); }

// Waits until the peer has a place at the relay; where it can be dialed then.
PeerAddresses reserve(Node& node, Node& relay) {
  run({&node, &relay}, [&] { return !relay->listen_addresses().empty(); });
  const Address there = relay->listen_addresses().front() + "/p2p/" + relay.id().to_string();
  EXPECT_TRUE(node->listen(there + "/p2p-circuit").ok());
  const auto listening = wait<Listening>(node, {&node, &relay}, [](const Listening& told) {
    return told.address.find("/p2p-circuit") != std::string::npos;
  });
  return {.peer = node.id(), .addresses = {listening ? listening->address : ""}};
}

void expect_frames_to_pass(Node& from, Node& to, const std::vector<Node*>& all, size_t count) {
  const StreamId stream = from->open_stream(to.id(), {kEcho.name});
  const Bytes frame = pattern(kEcho.frame_bytes_max, 3);
  size_t sent = 0;
  size_t received = 0;
  EXPECT_TRUE(run(all,
                  [&] {
                    while (sent < count && from->send(stream, {frame}) == Sent::kTaken) ++sent;
                    while (const auto got = to.pop<StreamFrame>()) {
                      EXPECT_TRUE(equal(got->frame.view(), frame));
                      ++received;
                    }
                    return received == count;
                  }))
      << received << " of " << count;
}

class BridgeSecuredOver : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Transports, BridgeSecuredOver,
                         testing::Values("/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"));

TEST_P(BridgeSecuredOver, MeetsByTlsWhereOneSideHasNoNoise) {
  Node a(1, GetParam(), only(Security::kTls));
  Node b(2, GetParam());
  join(a, b);
  expect_frames_to_pass(a, b, {&a, &b}, 3);
}

TEST_P(BridgeSecuredOver, DoesNotMeetWhereNothingIsInCommon) {
  Node a(1, GetParam(), only(Security::kTls));
  Node b(2, GetParam(), only(Security::kNoise));
  ASSERT_TRUE(wait<Listening>(b, {&a, &b}));
  ASSERT_TRUE(a->connect(b.where()).ok());
  const auto failed = wait<DialFailed>(a, {&a, &b});
  EXPECT_TRUE(failed && failed->peer == b.id() && !failed->why.empty());
}

TEST(BridgePrivateNetwork, KeepsOutWhoHasNoKey) {
  const auto with_key = [](HostOptions& options) { options.network_key = {1, 2, 3}; };
  Node inside(1, kTcp, with_key);
  Node also_inside(2, kTcp, with_key);
  Node outside(3);
  ASSERT_TRUE(wait<Listening>(inside, {&inside, &outside}));
  ASSERT_TRUE(outside->connect(inside.where()).ok());
  join(also_inside, inside);
  const auto failed = wait<DialFailed>(outside, {&inside, &also_inside, &outside});
  EXPECT_TRUE(failed && !failed->why.empty());
  EXPECT_FALSE(inside.pop<ConnectionOpened>());
}

// Neither can be dialed: there is only the way over the relay.
TEST(BridgeRelay, CarriesBlocksToAPeerThatCannotBeDialed) {
  Node relay(1, kTcp, relays);
  Node hidden(2, kTcp, listens_nowhere);
  Node asker(3, kTcp, listens_nowhere);
  const std::vector<Node*> all{&relay, &hidden, &asker};
  const PeerAddresses there = reserve(hidden, relay);
  ASSERT_TRUE(asker->connect(there).ok());
  const auto by_relay = [](const ConnectionOpened& opened) { return opened.relayed; };
  const auto here = wait<ConnectionOpened>(asker, all, by_relay);
  EXPECT_TRUE(here && here->peer == hidden.id());
  EXPECT_TRUE(wait<ConnectionOpened>(hidden, all, by_relay));
  expect_frames_to_pass(asker, hidden, all, 4);
  expect_frames_to_pass(hidden, asker, all, 4);
}

TEST(BridgeRelay, RelaysForNobodyUnlessItIsToldTo) {
  Node no_relay(1);
  Node hidden(2, kTcp, listens_nowhere);
  ASSERT_TRUE(wait<Listening>(no_relay, {&no_relay}));
  const Address there = no_relay->listen_addresses().front() + "/p2p/" + no_relay.id().to_string();
  ASSERT_TRUE(hidden->listen(there + "/p2p-circuit").ok());
  const auto ended = wait<ListenEnded>(hidden, {&no_relay, &hidden});
  EXPECT_TRUE(ended && !ended->why.empty());
}

TEST(BridgeRelay, GivesWayToADirectConnection) {
  Node relay(1, kTcp, relays);
  Node hidden(2);
  Node asker(3);
  const std::vector<Node*> all{&relay, &hidden, &asker};
  const PeerAddresses there = reserve(hidden, relay);
  ASSERT_TRUE(asker->connect(there).ok());
  EXPECT_TRUE(wait<ConnectionOpened>(asker, all, [&](const ConnectionOpened& opened) {
    return opened.peer == hidden.id() && !opened.relayed;
  }));
}

// In a network of this test's own: whether the hosts there can be dialed is asked as in the
// Internet.
struct Asking {
  explicit Asking(const std::string& listen, Node& hub)
      : node(7, listen,
             [](HostOptions& options) {
               options.dht = DhtMode::kAuto;
               options.reachability_delay_ms = 500;
             }),
        all{&node, &hub} {
    join(node, hub);
    told = wait<ReachabilityChanged>(node, all);
  }
  Node node;
  std::vector<Node*> all;
  std::optional<ReachabilityChanged> told;
};

bool serves_dht(const Identified& peer) {
  return std::ranges::find(peer.protocols, "/ipfs/kad/1.0.0") != peer.protocols.end();
}

TEST(BridgeReachability, ServesTheDhtOnceOthersCanDialIt) {
  const auto test = [] {
    const std::string anywhere = std::string("/ip4/") + kPublicAddress + "/tcp/0";
    Node hub(1, anywhere);
    Asking open(anywhere, hub);
    ASSERT_TRUE(open.told);
    EXPECT_TRUE(open.told->public_address);
    EXPECT_EQ(open.told->address, open.node->listen_addresses().front());
    EXPECT_TRUE(wait<Identified>(hub, open.all, serves_dht));
  };
  if (!in_own_network(test)) GTEST_SKIP() << "this machine allows no network namespace";
}

TEST(BridgeReachability, OnlyAsksTheDhtBehindAWall) {
  bool walled = false;
  const auto test = [&] {
    walled = std::system(
                 "nft add table ip wall && "
                 "nft 'add chain ip wall in { type filter hook input priority 0; }' && "
                 "nft 'add rule ip wall in tcp dport 4001 tcp flags & (syn|ack) == syn "
                 "reject with tcp reset'") == 0;
    if (!walled) return;
    Node hub(1, std::string("/ip4/") + kPublicAddress + "/tcp/0");
    Asking hidden(std::string("/ip4/") + kPublicAddress + "/tcp/4001", hub);
    ASSERT_TRUE(hidden.told);
    EXPECT_FALSE(hidden.told->public_address);
    EXPECT_TRUE(wait<Identified>(hub, hidden.all));
    EXPECT_FALSE(hub.pop<Identified>(serves_dht));
  };
  if (!in_own_network(test)) GTEST_SKIP() << "this machine allows no network namespace";
  if (!walled) GTEST_SKIP() << "this machine has no nft";
}

TEST(BridgeLocalDiscovery, SeesAPeerOfTheSameNetwork) {
  const auto test = [] {
    const auto discovers = [](HostOptions& options) { options.mdns = true; };
    const std::string address = std::string("/ip4/") + kOwnAddress + "/tcp/0";
    Node a(1, address, discovers);
    Node b(2, address, discovers);
    const auto seen = wait<LocalPeerSeen>(a, {&a, &b});
    EXPECT_TRUE(seen && seen->found.peer == b.id());
    EXPECT_TRUE(seen && seen->found.addresses == b->listen_addresses());
  };
  if (!in_own_network(test)) GTEST_SKIP() << "this machine allows no network namespace";
}

TEST(BridgeUpnp, StartsWhereThereIsNoGateway) {
  const auto test = [] {
    const std::string address = std::string("/ip4/") + kOwnAddress + "/tcp/0";
    Node a(1, address, [](HostOptions& options) { options.upnp = true; });
    Node b(2, address);
    join(b, a);
    expect_frames_to_pass(b, a, {&a, &b}, 1);
  };
  if (!in_own_network(test)) GTEST_SKIP() << "this machine allows no network namespace";
}

// Who comes from elsewhere gets in meanwhile, and the next of the same address once one has left.
TEST(BridgeDoor, HoldsOffAFloodFromOneAddress) {
  constexpr uint32_t kMax = 3;
  Node hub(1, kTcp, [](HostOptions& options) {
    options.listen.emplace_back("/ip6/::1/tcp/0");
    options.inbound_of_address_max = kMax;
    options.counts_loopback = true;
  });
  std::vector<std::unique_ptr<Node>> crowd;
  std::vector<Node*> all{&hub};
  for (uint8_t i = 0; i < 4 * kMax; ++i) {
    crowd.push_back(std::make_unique<Node>(uint8_t(10 + i), kTcp, listens_nowhere));
    all.push_back(crowd.back().get());
  }
  ASSERT_TRUE(run(all, [&] { return hub->listen_addresses().size() == 2; }));
  const auto at = [&](std::string_view start) {
    std::vector<Address> addresses = hub->listen_addresses();
    std::erase_if(addresses, [&](const Address& address) { return !address.starts_with(start); });
    return PeerAddresses{.peer = hub.id(), .addresses = std::move(addresses)};
  };
  for (const auto& node : crowd) ASSERT_TRUE((*node)->connect(at("/ip4")).ok());
  std::vector<Node*> inside;
  std::vector<Node*> outside;
  EXPECT_TRUE(run(all, [&] {
    for (const auto& node : crowd) {
      if (node->pop<ConnectionOpened>()) inside.push_back(node.get());
      if (node->pop<DialFailed>()) outside.push_back(node.get());
    }
    return inside.size() + outside.size() == crowd.size();
  }));
  ASSERT_EQ(inside.size(), kMax);

  Node elsewhere(99, kTcp, listens_nowhere);
  all.push_back(&elsewhere);
  ASSERT_TRUE(elsewhere->connect(at("/ip6")).ok());
  EXPECT_TRUE(wait<ConnectionOpened>(elsewhere, all));

  (*inside[0])->disconnect(hub.id());
  ASSERT_TRUE(wait<ConnectionClosed>(hub, all));
  ASSERT_TRUE((*outside[0])->connect(at("/ip4")).ok());
  EXPECT_TRUE(wait<ConnectionOpened>(*outside[0], all));
}

TEST(BridgeConnection, SaysWhoEndedIt) {
  for (const char* address : {kTcp, "/ip4/127.0.0.1/udp/0/quic-v1"}) {
    Node a(1, address);
    Node b(2, address);
    join(a, b);
    a->disconnect(b.id());
    const auto here = wait<ConnectionClosed>(a, {&a, &b});
    const auto there = wait<ConnectionClosed>(b, {&a, &b});
    EXPECT_TRUE(here && here->why == "closed by this node") << here->why;
    // A reset may overtake the goodbye.
    EXPECT_TRUE(there && (there->why == "closed by the peer" || there->why.starts_with("cut off")))
        << there->why;
  }
}

}  // namespace
}  // namespace timerose::mesh
