#include "exchange/provider.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "crypto/key.h"
#include "mesh/memory_network.h"

namespace timerose::exchange {
namespace {

PeerId peer_number(uint64_t number) {
  SeededRandom random(number);
  return PeerId::of(PrivateKey::generate(random).public_key());
}

Cid cid_number(uint64_t number) {
  return Cid::of_sha256(Codec::kRaw, as_bytes(std::to_string(number)));
}

class ProviderTest : public ::testing::Test {
 protected:
  // Hands over what the host has to say.
  size_t turn() {
    std::vector<mesh::Event> events;
    host_->take_events(events, SIZE_MAX);
    size_t taken = 0;
    for (const mesh::Event& event : events) taken += provider_.on_event(event) ? 1 : 0;
    return taken;
  }

  ManualClock clock_{1'000'000ULL * 3600 * 1'000'000'000};
  EventLoop loop_{clock_};
  mesh::MemoryNetwork network_;
  std::unique_ptr<mesh::Host> host_ = network_.add_host(peer_number(1));
  Provider provider_{{loop_, *host_, clock_}, ProvidePlan(clock_.unix_ns(), clock_.unix_ns())};
};

TEST_F(ProviderTest, AnnouncesManyAFewAtATime) {
  for (uint64_t i = 0; i < 100; ++i) provider_.add(cid_number(i), true);
  EXPECT_EQ(provider_.stat().waiting, 100 - Provider::kInFlightMax);
  EXPECT_EQ(turn(), Provider::kInFlightMax);
  while (turn() > 0) {
  }
  EXPECT_EQ(provider_.stat().announced, 100U);
  for (uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(network_.providers(cid_number(i).multihash_bytes()).size(), 1U);
  }
}

TEST_F(ProviderTest, LeavesTheEndOfOthersQuestionsAlone) {
  host_->find_providers(cid_number(1).multihash_bytes(), 1);
  EXPECT_EQ(turn(), 0U);
}

TEST_F(ProviderTest, TriesAgainWhatFailed) {
  network_.silence_routing(true);
  provider_.add(cid_number(1), true);
  EXPECT_EQ(turn(), 0U);
  // The host says that nobody could be asked.
  EXPECT_TRUE(provider_.on_event(mesh::QueryEnded{mesh::QueryId{2}, 0, "no peers"}));
  EXPECT_EQ(provider_.stat().failed, 1U);
  network_.silence_routing(false);
  provider_.add(cid_number(2), true);
  turn();
  EXPECT_TRUE(network_.providers(cid_number(1).multihash_bytes()).empty());
  clock_.advance_ns(Provider::kRetryNs);
  provider_.add(cid_number(3), true);
  turn();
  EXPECT_EQ(network_.providers(cid_number(1).multihash_bytes()).size(), 1U);
}

}  // namespace
}  // namespace timerose::exchange
