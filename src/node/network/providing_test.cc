#include "node/network/providing.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "blockstore/memory_blockstore.h"
#include "crypto/key.h"
#include "ipld/codec.h"
#include "mesh/memory_network.h"

namespace timerose::node {
namespace {

PeerId some_peer() {
  SeededRandom random(1);
  return PeerId::of(PrivateKey::generate(random).public_key());
}

Block leaf(int number) {
  return Block::of_sha256(Codec::kRaw, SharedBytes::copy_of(as_bytes(std::to_string(number))));
}

// A pinned block with two below it, and one that is not pinned.
class ProvidingTest : public ::testing::Test {
 protected:
  // Regions, and some more.
  static constexpr int kTurns = 2 << exchange::ProvidePlan::kRegionBitsMin;

  ProvidingTest() {
    for (const Block& block : {leaf(1), leaf(2), loose_, root_})
      EXPECT_TRUE(store_.put(block).ok());
    EXPECT_TRUE(pins_.add({root_.cid(), PinMode::kRecursive, ""}).ok());
  }

  Providing make(ProvideStrategy strategy, ProvideRecords records = {}) {
    return {{loop_, *host_, clock_, pool_, store_, pins_, {}}, strategy, std::move(records)};
  }

  // Until the sweep has gone over every region, and nothing happens any more.
  void settle(Providing& providing) {
    for (int turn = 0; turn < kTurns; ++turn) {
      pool_.wait_idle();
      loop_.post([this] { loop_.stop(); });
      loop_.run();
      std::vector<mesh::Event> events;
      host_->take_events(events, SIZE_MAX);
      for (const mesh::Event& event : events) EXPECT_TRUE(providing.on_event(event));
    }
  }

  std::set<Cid> provided() {
    std::set<Cid> cids;
    for (const Block& block : {leaf(1), leaf(2), loose_, root_}) {
      if (!network_.providers(block.cid().multihash_bytes()).empty()) cids.insert(block.cid());
    }
    return cids;
  }

  const Block loose_ = leaf(3);
  const Block root_ = Block::of_sha256(
      Codec::kDagCbor,
      ipld::encode(Codec::kDagCbor, Value(Value::List{Value(leaf(1).cid()), Value(leaf(2).cid())}))
          .value());
  const std::set<Cid> all_{leaf(1).cid(), leaf(2).cid(), loose_.cid(), root_.cid()};
  const std::set<Cid> pinned_{leaf(1).cid(), leaf(2).cid(), root_.cid()};
  const std::set<Cid> roots_{root_.cid()};

  sqlite::Database database_{":memory:"};
  Pins pins_{database_};
  MemoryBlockstore store_;
  ManualClock clock_{1'000'000ULL * 3600 * 1'000'000'000};
  EventLoop loop_{clock_};
  mesh::MemoryNetwork network_;
  std::unique_ptr<mesh::Host> host_ = network_.add_host(some_peer());
  ThreadPool pool_{1};
};

TEST_F(ProvidingTest, TheSweepGoesOverWhatTheStrategySays) {
  using Case = std::pair<ProvideStrategy, std::set<Cid>>;
  for (const auto& [strategy, expected] :
       {Case{ProvideStrategy::kNone, {}}, Case{ProvideStrategy::kRoots, roots_},
        Case{ProvideStrategy::kPinned, pinned_}, Case{ProvideStrategy::kAll, all_}}) {
    Providing providing = make(strategy);
    providing.start();
    settle(providing);
    EXPECT_EQ(provided(), expected) << provide_strategy_name(strategy);
  }
}

TEST_F(ProvidingTest, WhatIsKeptIsAnnouncedAtOnceAsDeepAsTheStrategySays) {
  ProvideRecords swept;
  swept.swept_until_ns = clock_.unix_ns();
  Providing roots = make(ProvideStrategy::kRoots, swept);
  roots.start();
  roots.kept(root_.cid(), true);
  settle(roots);
  EXPECT_EQ(provided(), roots_);
  Providing pinned = make(ProvideStrategy::kPinned, swept);
  pinned.start();
  pinned.kept(root_.cid(), true);
  settle(pinned);
  EXPECT_EQ(provided(), pinned_);
}

TEST_F(ProvidingTest, WhatComesIntoTheStoreIsAnnouncedIfAllIs) {
  ProvideRecords swept;
  swept.swept_until_ns = clock_.unix_ns();
  Providing pinned = make(ProvideStrategy::kPinned, swept);
  pinned.start();
  pinned.gained({loose_.cid()});
  settle(pinned);
  EXPECT_TRUE(provided().empty());
  Providing all = make(ProvideStrategy::kAll, swept);
  all.start();
  all.gained({loose_.cid()});
  settle(all);
  EXPECT_EQ(provided(), std::set<Cid>{loose_.cid()});
}

TEST_F(ProvidingTest, WhatNobodyHeardIsKeptForTheNextStart) {
  ProvideRecords swept;
  swept.swept_until_ns = clock_.unix_ns();
  network_.silence_routing(true);
  Providing before = make(ProvideStrategy::kRoots, swept);
  before.start();
  before.kept(root_.cid(), true);
  before.on_event(mesh::QueryEnded{mesh::QueryId{2}, 0, "no peer is known"});
  const ProvideRecords kept = before.records();
  EXPECT_EQ(kept.soon.size(), 1U);
  EXPECT_GE(kept.swept_until_ns + 1'000, clock_.unix_ns()) << "but for rounding";
  network_.silence_routing(false);
  Providing after = make(ProvideStrategy::kRoots, kept);
  after.start();
  settle(after);
  EXPECT_EQ(provided(), roots_);
}

TEST_F(ProvidingTest, EverythingIsAnnouncedAgainWhenAskedFor) {
  ProvideRecords swept;
  swept.swept_until_ns = clock_.unix_ns();
  Providing providing = make(ProvideStrategy::kPinned, swept);
  providing.start();
  settle(providing);
  EXPECT_TRUE(provided().empty());
  EXPECT_TRUE(providing.sweep_again());
  settle(providing);
  EXPECT_EQ(provided(), pinned_);
  Providing none = make(ProvideStrategy::kNone);
  EXPECT_FALSE(none.sweep_again());
}

}  // namespace
}  // namespace timerose::node
