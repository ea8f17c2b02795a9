#include "node/network/peer_address.h"

#include <gtest/gtest.h>

namespace timerose::node {
namespace {

constexpr const char* kPeerText = "12D3KooWJdfyfQR9iuTPghRPvjrN9TWMXqvJbptdNUL2kFZrbETq";

TEST(PeerAddress, IsAPeerIdOrAnAddressThatEndsWithOne) {
  const std::string id = kPeerText;
  EXPECT_EQ(parse_peer(id)->peer.to_string(), id);
  EXPECT_TRUE(parse_peer("/p2p/" + id)->addresses.empty());
  const std::string text = "/ip4/127.0.0.1/tcp/4001/p2p/" + id;
  const auto peer = parse_peer(text);
  ASSERT_TRUE(peer.ok()) << peer.error().message;
  EXPECT_EQ(peer->addresses, std::vector<mesh::Address>{"/ip4/127.0.0.1/tcp/4001"});
  EXPECT_EQ(format_peer(peer->addresses[0], peer->peer), text);
}

TEST(PeerAddress, OfARelayIsThatOfThePeerBehindIt) {
  const std::string id = kPeerText;
  const auto peer = parse_peer("/ip4/1.2.3.4/tcp/1/p2p/" + id + "/p2p-circuit/p2p/" + id);
  ASSERT_TRUE(peer.ok());
  EXPECT_EQ(peer->addresses[0], "/ip4/1.2.3.4/tcp/1/p2p/" + id + "/p2p-circuit");
}

TEST(PeerAddress, RefusesOtherTextAndShowsTheForms) {
  for (const char* text :
       {"", "x", "/ip4/127.0.0.1/tcp/1", "/p2p/", "/ip4/127.0.0.1/tcp/1/p2p/x"}) {
    const auto peer = parse_peer(text);
    ASSERT_FALSE(peer.ok()) << text;
    EXPECT_NE(peer.error().message.find("/p2p/12D3Koo"), std::string::npos);
  }
  for (const char* address :
       {"ip4/1.2.3.4", "/ip4/1 2", "/ip4//tcp", "/ip4/1.2.3.4/", "/ip4\n/x"}) {
    EXPECT_FALSE(check_address(address).ok()) << address;
  }
}

}  // namespace
}  // namespace timerose::node
