#include "blockstore/gc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "blockstore/memory_blockstore.h"
#include "blockstore/rocks_blockstore.h"
#include "blockstore/store_testing.h"
#include "blockstore/verify.h"
#include "ipld/dag_cbor.h"

namespace timerose {
namespace {

using std::chrono::milliseconds;
using testing_support::block_of;

Block node_of(const std::vector<Cid>& children) {
  Value::List list;
  for (const Cid& child : children) list.emplace_back(child);
  return Block::of_sha256(Codec::kDagCbor, dag_cbor::encode(Value(std::move(list))).value());
}

class Gc : public testing::Test {
 protected:
  Cid put(const Block& block) {
    EXPECT_TRUE(store_.put(block).ok());
    return block.cid();
  }
  GcReport collect(const GcOptions& options = {}) {
    auto report = collect_garbage(store_, pins_, options);
    EXPECT_TRUE(report.ok()) << report.error().message;
    return std::move(report).value();
  }
  bool has(const Cid& cid) { return base_.has(cid).value(); }

  testing_support::TemporaryFolder folder_;
  sqlite::Database database_{folder_.path() / "records.sqlite"};
  Pins pins_{database_};
  MemoryBlockstore base_;
  GuardedBlockstore store_{base_};
};

TEST_F(Gc, RemovesWhatNothingReachesAndReportsIt) {
  const Cid deep = put(block_of(1));
  const Cid root = put(node_of({put(node_of({deep}))}));
  const Cid direct = put(node_of({put(block_of(2, 40))}));
  const Cid extra = put(block_of(3));
  put(block_of(4, 60));
  ASSERT_TRUE(pins_.add({root, PinMode::kRecursive, ""}).ok());
  ASSERT_TRUE(pins_.add({direct, PinMode::kDirect, ""}).ok());
  GcOptions options;
  options.extra_roots = [&]() -> Result<std::vector<Cid>> { return std::vector<Cid>{extra}; };
  std::vector<Cid> told;
  options.on_removed = [&](const Cid& cid, uint64_t) {
    told.push_back(cid);
    return success();
  };
  const GcReport report = collect(options);
  EXPECT_TRUE(report.swept);
  EXPECT_EQ(report.blocks_removed, 2U);
  EXPECT_EQ(report.bytes_removed, 100U);
  EXPECT_EQ(report.blocks_kept, 5U);
  EXPECT_THAT(told, testing::UnorderedElementsAre(block_of(2, 40).cid(), block_of(4, 60).cid()));
  EXPECT_TRUE(has(deep) && has(root) && has(direct) && has(extra));
  EXPECT_EQ(collect(options).blocks_removed, 0U);
}

TEST_F(Gc, FollowsTheLinksOfBytesThatAreALeafElsewhere) {
  const Cid child = put(block_of(1));
  const Block node = node_of({child});
  put(node);
  const Cid as_raw = Cid::make(1, Codec::kRaw, node.cid().multihash_bytes()).value();
  ASSERT_TRUE(pins_.add({as_raw, PinMode::kRecursive, ""}).ok());
  ASSERT_TRUE(pins_.add({node.cid(), PinMode::kRecursive, ""}).ok());
  EXPECT_EQ(collect().blocks_removed, 0U);
}

TEST_F(Gc, KeepsEverythingWhereAPinnedDagHasAHole) {
  const Cid below_hole = put(block_of(1));
  const Block hole = node_of({below_hole});
  const Cid root = put(node_of({hole.cid(), put(block_of(2))}));
  put(block_of(3));
  ASSERT_TRUE(pins_.add({root, PinMode::kRecursive, ""}).ok());
  const GcReport report = collect();
  EXPECT_FALSE(report.swept);
  EXPECT_EQ(report.blocks_removed, 0U);
  ASSERT_EQ(report.holes.size(), 1U);
  EXPECT_EQ(report.holes[0].cid, hole.cid());
  EXPECT_EQ(report.holes[0].root, root);
  EXPECT_EQ(report.holes[0].why.code, ErrorCode::kNotFound);

  const GcReport forced = collect({.extra_roots = {},
                                   .holes = GcOptions::Holes::kSweep,
                                   .wait_max = milliseconds(0),
                                   .on_removed = {}});
  EXPECT_EQ(forced.blocks_removed, 2U);
  EXPECT_TRUE(has(root) && has(block_of(2).cid()));
  EXPECT_FALSE(has(below_hole));
}

TEST_F(Gc, SweepsAlthoughALeafOrAnExtraRootIsMissing) {
  const Cid root = put(node_of({block_of(1).cid()}));
  ASSERT_TRUE(pins_.add({root, PinMode::kRecursive, ""}).ok());
  put(block_of(3));
  GcOptions options;
  options.extra_roots = [&]() -> Result<std::vector<Cid>> {
    return std::vector<Cid>{node_of({root}).cid()};
  };
  const GcReport report = collect(options);
  EXPECT_EQ(report.holes_found, 2U);
  EXPECT_EQ(report.blocks_removed, 1U);
}

TEST_F(Gc, RemovesNothingIfTheRootsCannotBeHad) {
  put(block_of(1));
  GcOptions options;
  options.extra_roots = []() -> Result<std::vector<Cid>> { return Error{ErrorCode::kIo, "disk"}; };
  EXPECT_EQ(collect_garbage(store_, pins_, options).error().code, ErrorCode::kIo);
  EXPECT_TRUE(has(block_of(1).cid()));
}

TEST_F(Gc, IsBusyWhileAnOlderHoldIsOpenAndNotAfterwards) {
  GuardedBlockstore::Hold hold = store_.hold();
  put(block_of(1));
  GcOptions options;
  options.wait_max = milliseconds(0);
  const auto refused = collect_garbage(store_, pins_, options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
  hold.release();
  EXPECT_EQ(collect(options).blocks_removed, 1U);
}

TEST_F(Gc, KeepsWhatIsPutOrFoundWhileItRuns) {
  const Cid found = put(block_of(1));
  const Cid put_again = put(block_of(2));
  const Cid left = put(block_of(3));
  GcOptions options;
  Cid fresh = block_of(4).cid();
  options.extra_roots = [&]() -> Result<std::vector<Cid>> {
    const GuardedBlockstore::Hold hold = store_.hold();  // a newer one: not waited for
    EXPECT_TRUE(store_.has(found).value());
    put(block_of(2));
    put(block_of(4));
    return std::vector<Cid>{};
  };
  EXPECT_EQ(collect(options).blocks_removed, 1U);
  EXPECT_TRUE(has(found) && has(put_again) && has(fresh));
  EXPECT_FALSE(has(left));
  // The protection ends with the collection.
  EXPECT_EQ(collect().blocks_removed, 3U);
}

TEST_F(Gc, RefusesASecondCollectionAtTheSameTime) {
  GcOptions options;
  options.extra_roots = [&]() -> Result<std::vector<Cid>> {
    EXPECT_EQ(collect_garbage(store_, pins_, {}).error().code, ErrorCode::kBusy);
    return std::vector<Cid>{};
  };
  collect(options);
}

// Adders make the same few DAGs over and over, pin them, check them and unpin them, while garbage
// is collected in a loop: no pinned DAG may ever lack a block.
void add_and_collect(Blockstore& base, Pins& pins, int rounds) {
  GuardedBlockstore store(base);
  std::atomic<int> adders{3};
  std::atomic<uint64_t> removed{0};
  std::vector<std::thread> threads;
  for (int adder = 0; adder < 3; ++adder) {
    threads.emplace_back([&, adder] {
      for (int round = 0; round < rounds; ++round) {
        std::vector<Cid> leaves;
        GuardedBlockstore::Hold hold = store.hold();
        for (int i = 0; i < 5; ++i) {
          // Some shared with the other adders and with rounds before.
          const Block leaf = block_of(static_cast<uint64_t>((round + i * adder) % 11), 1500);
          EXPECT_TRUE(store.put(leaf).ok());
          leaves.push_back(leaf.cid());
        }
        const Block own = block_of(static_cast<uint64_t>(1000 + adder * 10 + round % 3));
        const Block root =
            node_of({leaves[0], leaves[1], leaves[2], leaves[3], leaves[4], own.cid()});
        EXPECT_TRUE(store.put(own).ok());
        EXPECT_TRUE(store.put(root).ok());
        EXPECT_TRUE(pin_dag(store, pins, {root.cid(), PinMode::kRecursive, ""}).ok());
        hold.release();
        for (const Cid& leaf : leaves) {
          const auto data = store.get(leaf);
          EXPECT_TRUE(data.ok()) << data.error().message;
        }
        EXPECT_TRUE(store.get(own.cid()).ok());
        // Each root is its adder's own, by the block `own`.
        EXPECT_TRUE(pins.remove(root.cid()).ok());
      }
      --adders;
    });
  }
  while (adders > 0) {
    const auto report = collect_garbage(store, pins, {});
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->holes_found, 0U);
    removed += report->blocks_removed;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(collect_garbage(store, pins, {}).ok());
  EXPECT_EQ(count_blocks(base)->blocks, 0U);
  EXPECT_GT(removed, 0U);
}

TEST_F(Gc, NeverTakesABlockFromAdders) { add_and_collect(base_, pins_, 60); }

TEST_F(Gc, NeverTakesABlockFromAddersOnDisk) {
  const auto database = RocksDatabase::open(folder_.path() / "blocks", {}).value();
  RocksBlockstore store(*database);
  add_and_collect(store, pins_, 15);
}

}  // namespace
}  // namespace timerose
