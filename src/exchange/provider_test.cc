#include "exchange/provider.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "crypto/key.h"
#include "mesh/memory_network.h"
#include "multiformats/cid.h"
#include "multiformats/peer_testing.h"

namespace timerose::exchange {
namespace {

Bytes multihash_number(uint64_t number) {
  return to_bytes(Cid::of_sha256(Codec::kRaw, as_bytes(std::to_string(number))).multihash_bytes());
}

class ProviderTest : public ::testing::Test {
 protected:
  ProviderTest() { provider_.start(); }

  // Hands over what the host has to say.
  size_t turn() {
    std::vector<mesh::Event> events;
    host_->take_events(events, SIZE_MAX);
    size_t taken = 0;
    for (const mesh::Event& event : events) taken += provider_.on_event(event) ? 1 : 0;
    return taken;
  }
  bool is_provided(uint64_t number) {
    return network_.providers(multihash_number(number)).size() == 1;
  }
  // What is listed for the sweep, at once.
  void list(const KeyRegion& region, const Provider::OnListed& on_listed) {
    ++listings_;
    if (listing_fails_) return on_listed(Error{ErrorCode::kIo, "the disk is gone"});
    RegionBlocks blocks(region);
    for (uint64_t i = 0; i < stored_; ++i) blocks.see(multihash_number(i));
    on_listed(std::move(blocks));
  }

  ManualClock clock_{1'000'000ULL * 3600 * 1'000'000'000};
  EventLoop loop_{clock_};
  mesh::MemoryNetwork network_;
  std::unique_ptr<mesh::Host> host_ = network_.add_host(numbered_peer(1));
  uint64_t stored_ = 0;
  uint64_t listings_ = 0;
  bool listing_fails_ = false;
  bool busy_ = false;
  Provider provider_{{loop_, *host_, clock_,
                      [this](const KeyRegion& region, const Provider::OnListed& on_listed) {
                        list(region, on_listed);
                      },
                      [this] { return busy_; }},
                     ProvidePlan(clock_.unix_ns(), clock_.unix_ns())};
};

TEST_F(ProviderTest, AnnouncesManyAFewAtATime) {
  for (uint64_t i = 0; i < 100; ++i) provider_.announce(multihash_number(i), false);
  EXPECT_EQ(provider_.stat().waiting, 100 - Provider::kInFlightMax);
  EXPECT_EQ(turn(), Provider::kInFlightMax);
  while (turn() > 0) {
  }
  EXPECT_EQ(provider_.stat().announced, 100U);
  for (uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(is_provided(i));
}

TEST_F(ProviderTest, SweepsOverWhatIsListedRegionByRegion) {
  stored_ = 1000;
  provider_.sweep_again();
  while (turn() > 0) {
  }
  EXPECT_EQ(provider_.stat().announced, 1000U);
  EXPECT_EQ(provider_.stat().blocks, 1000U);
  EXPECT_GT(provider_.stat().regions, 4U);
  EXPECT_GT(provider_.stat().swept_until_ns, clock_.unix_ns());
  for (uint64_t i = 0; i < 1000; ++i) EXPECT_TRUE(is_provided(i));
}

TEST_F(ProviderTest, AListingThatFailsIsTriedAgainLater) {
  stored_ = 10;
  listing_fails_ = true;
  provider_.sweep_again();
  EXPECT_EQ(provider_.stat().failure, "the disk is gone");
  const uint64_t listings = listings_;
  provider_.announce(multihash_number(77), true);
  turn();
  EXPECT_EQ(listings_, listings) << "not before its time";
  listing_fails_ = false;
  clock_.advance_ns(Provider::kRetryNs);
  provider_.announce(multihash_number(78), true);
  while (turn() > 0) {
  }
  EXPECT_EQ(provider_.stat().announced, 12U);
  EXPECT_EQ(provider_.stat().failure, "");
}

TEST_F(ProviderTest, WhileOthersNeedTheNetworkOnlyWhatIsUrgentGoesOut) {
  busy_ = true;
  provider_.announce(multihash_number(1), false);
  provider_.announce(multihash_number(2), true);
  while (turn() > 0) {
  }
  EXPECT_FALSE(is_provided(1));
  EXPECT_TRUE(is_provided(2));
  busy_ = false;
  provider_.announce(multihash_number(3), false);
  turn();
  EXPECT_TRUE(is_provided(1));
}

TEST_F(ProviderTest, LeavesTheEndOfOthersQuestionsAlone) {
  host_->find_providers(multihash_number(1), 1);
  EXPECT_EQ(turn(), 0U);
}

TEST_F(ProviderTest, TriesAgainWhatFailed) {
  network_.silence_routing(true);
  provider_.announce(multihash_number(1), true);
  EXPECT_EQ(turn(), 0U);
  EXPECT_TRUE(provider_.on_event(mesh::QueryEnded{mesh::QueryId{2}, 3, "nobody answered"}));
  EXPECT_EQ(provider_.stat().failed, 1U);
  network_.silence_routing(false);
  provider_.announce(multihash_number(2), true);
  turn();
  EXPECT_FALSE(is_provided(1));
  clock_.advance_ns(Provider::kRetryNs);
  provider_.announce(multihash_number(3), true);
  turn();
  EXPECT_TRUE(is_provided(1));
}

TEST_F(ProviderTest, WhereNobodyCanBeAskedItWaitsForAPeerAndLosesNothing) {
  network_.silence_routing(true);
  for (uint64_t i = 0; i < 100; ++i) provider_.announce(multihash_number(i), false);
  for (uint64_t i = 2; i < 2 + Provider::kInFlightMax; ++i) {
    provider_.on_event(mesh::QueryEnded{mesh::QueryId{i}, 0, "no peer is known"});
  }
  EXPECT_TRUE(provider_.stat().needs_peer);
  EXPECT_EQ(provider_.stat().failed, Provider::kInFlightMax) << "the others are not tried";
  network_.silence_routing(false);
  mesh::Identified peer{.peer = numbered_peer(2),
                        .agent = "",
                        .protocols = {"/ipfs/ping/1.0.0"},
                        .addresses = {},
                        .observed = ""};
  provider_.on_event(peer);
  EXPECT_EQ(turn(), 0U) << "that peer takes no part in the DHT";
  peer.protocols = {"/ipfs/lan/kad/1.0.0"};
  provider_.on_event(peer);
  while (turn() > 0) {
  }
  EXPECT_EQ(provider_.stat().announced, 100U);
}

}  // namespace
}  // namespace timerose::exchange
