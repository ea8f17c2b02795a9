#include "node/records/peer_book.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "multiformats/peer_testing.h"

namespace timerose::node {
namespace {

class Book : public testing::Test {
 protected:
  PeerBook load() { return PeerBook::load(*records, clock).value(); }
  void save(PeerBook& book) { ASSERT_TRUE(PeerBook::save(*records, book.take_changes()).ok()); }

  testing_support::TemporaryFolder folder;
  ManualClock clock;
  std::optional<sqlite::Database> records{folder.path() / "records.sqlite"};
};

TEST_F(Book, KeepsPeersTheirAddressesAndWhichAreWanted) {
  PeerBook book = load();
  book.met(numbered_peer(1), {"/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.1/tcp/2"});
  book.met(numbered_peer(2), {"/ip4/10.0.0.2/tcp/1"});
  book.want(numbered_peer(2), true);
  save(book);
  PeerBook again = load();
  EXPECT_EQ(again.addresses_of(numbered_peer(1)),
            (std::vector<mesh::Address>{"/ip4/10.0.0.1/tcp/2", "/ip4/10.0.0.1/tcp/1"}));
  ASSERT_EQ(again.wanted().size(), 1U);
  EXPECT_EQ(again.wanted()[0].peer, numbered_peer(2));
  again.want(numbered_peer(2), false);
  save(again);
  EXPECT_TRUE(load().wanted().empty());
}

TEST_F(Book, KeepsTheNewestAddressesOfAPeer) {
  PeerBook book = load();
  for (int i = 0; i < 20; ++i)
    book.met(numbered_peer(1), {"/ip4/10.0.0.1/tcp/" + std::to_string(i)});
  const auto addresses = book.addresses_of(numbered_peer(1));
  ASSERT_EQ(addresses.size(), PeerBook::kAddressesOfPeerMax);
  EXPECT_EQ(addresses.front(), "/ip4/10.0.0.1/tcp/19");
}

TEST_F(Book, ForgetsTheLeastRecentlySeenButNoWantedPeer) {
  PeerBook book = load();
  book.met(numbered_peer(0), {});
  book.want(numbered_peer(0), true);
  for (uint32_t i = 1; i <= PeerBook::kPeersMax; ++i) {
    clock.advance_ns(1);
    book.met(numbered_peer(i), {"/ip4/10.0.0.1/tcp/1"});
  }
  EXPECT_EQ(book.size(), PeerBook::kPeersMax);
  EXPECT_EQ(book.wanted().size(), 1U);
  EXPECT_TRUE(book.addresses_of(numbered_peer(1)).empty());
  EXPECT_FALSE(book.addresses_of(numbered_peer(2)).empty());
  save(book);
  EXPECT_EQ(load().size(), PeerBook::kPeersMax);
}

}  // namespace
}  // namespace timerose::node
