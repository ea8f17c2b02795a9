#include "exchange/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "exchange/network_blockstore.h"
#include "exchange/testing.h"
#include "unixfs/directory.h"
#include "unixfs/importer.h"
#include "unixfs/reader.h"

namespace timerose::exchange {
namespace {

using testing_support::block_number;
using testing_support::ScriptedPeer;
using testing_support::TestNode;

class ServiceTest : public ::testing::Test {
 protected:
  TestNode& add_node(const ServiceOptions& options = {}, uint64_t store_bytes_max = UINT64_MAX) {
    nodes_.push_back(std::make_unique<TestNode>(network_, nodes_.size(), options, store_bytes_max));
    return *nodes_.back();
  }
  static FetchOptions within_ms(uint64_t timeout_ms) {
    FetchOptions options;
    options.timeout_ms = timeout_ms;
    return options;
  }
  static void copy_blocks(Blockstore& from, Blockstore& to) {
    ASSERT_TRUE(from.for_each([&](ByteView multihash, uint64_t) -> Status {
                      TR_ASSIGN(const Cid cid, Cid::make(1, Codec::kRaw, multihash));
                      TR_ASSIGN(SharedBytes data, from.get(cid));
                      return to.put(Block::trusted(cid, std::move(data)));
                    })
                    .ok());
  }
  static uint64_t count(Blockstore& store) {
    uint64_t blocks = 0;
    EXPECT_TRUE(store.for_each([&](ByteView, uint64_t) { return ++blocks, success(); }).ok());
    return blocks;
  }
  // A file of many blocks.
  static Cid add_file(Blockstore& store, size_t bytes, size_t chunk_bytes) {
    Bytes content(bytes);
    SeededRandom(7).fill(content);
    unixfs::Layout layout;
    layout.chunk_bytes = chunk_bytes;
    layout.links_max = 64;  // a root that is too large to be sent in place of a have
    return unixfs::import_bytes(content, layout, unixfs::sink_into(store))->cid;
  }

  mesh::MemoryNetwork network_;
  std::vector<std::unique_ptr<TestNode>> nodes_;
};

TEST_F(ServiceTest, FetchesABlockFromAConnectedPeer) {
  TestNode& holder = add_node();
  TestNode& asker = add_node();
  const Block block = block_number(1);
  ASSERT_TRUE(holder.store.put(block).ok());
  asker.connect(holder);

  const auto fetched = asker.service().fetch_block(block.cid(), {});
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_TRUE(equal(fetched->view(), block.data().view()));
  EXPECT_TRUE(*asker.store.has(block.cid()));
  EXPECT_EQ(asker.service().stat().blocks_received, 1U);
  EXPECT_EQ(holder.service().stat().blocks_sent, 1U);
}

TEST_F(ServiceTest, FetchesADagOfTenThousandBlocks) {
  TestNode& holder = add_node();
  TestNode& asker = add_node();
  const Cid root = add_file(holder.store, 10'000 * 512, 512);
  asker.connect(holder);

  FetchProgress last;
  DagFetchOptions options;
  options.on_progress = [&last](const FetchProgress& progress) { last = progress; };
  const Status fetched = asker.service().fetch_dag(root, options);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_GT(last.blocks, 10'000U);
  EXPECT_EQ(last.blocks, last.blocks_known);
  EXPECT_EQ(asker.service().stat().duplicate_blocks, 0U);
}

// How evenly they do is the client's decision (client_asking_test.cc); here a holder may have had
// no turn of a busy processor.
TEST_F(ServiceTest, HoldersShareTheWork) {
  TestNode& asker = add_node();
  std::vector<TestNode*> holders;
  Cid root = block_number(0).cid();
  for (int i = 0; i < 4; ++i) {
    holders.push_back(&add_node());
    root = add_file(holders.back()->store, 4'000 * 1024, 1024);
    asker.connect(*holders.back());
  }
  ASSERT_TRUE(asker.wait_until([&] { return asker.service().served().size() == 4; }));
  const Status fetched = asker.service().fetch_dag(root, {});
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(count(asker.store), count(holders[0]->store));
  const auto busy = std::count_if(holders.begin(), holders.end(), [](TestNode* holder) {
    return holder->service().stat().blocks_sent > 200;
  });
  EXPECT_GE(busy, 2);
}

TEST_F(ServiceTest, AFetchGoesOnWhenAHolderDisappears) {
  TestNode& asker = add_node();
  TestNode& leaves = add_node();
  TestNode& stays = add_node();
  const Cid root = add_file(stays.store, 3'000 * 1024, 1024);
  copy_blocks(stays.store, leaves.store);
  asker.connect(leaves);
  asker.connect(stays);
  DagFetchOptions options;
  options.on_progress = [&](const FetchProgress& progress) {
    if (progress.blocks > 100) network_.cut(asker.id(), leaves.id(), true);
  };
  const Status fetched = asker.service().fetch_dag(root, options);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(count(asker.store), count(stays.store));
}

TEST_F(ServiceTest, DialsTheProvidersThatItIsGiven) {
  TestNode& holder = add_node();
  TestNode& asker = add_node();
  const Block block = block_number(1);
  ASSERT_TRUE(holder.store.put(block).ok());
  FetchOptions options;
  options.providers = {{holder.id(), {"/memory/1"}}};
  EXPECT_TRUE(asker.service().fetch_block(block.cid(), options).ok());
}

TEST_F(ServiceTest, FindsAProviderByTheRouting) {
  TestNode& holder = add_node();
  TestNode& asker = add_node();
  const Block block = block_number(1);
  ASSERT_TRUE(holder.store.put(block).ok());
  network_.add_provider(block.cid().multihash_bytes(), holder.id());
  const auto fetched = asker.service().fetch_block(block.cid(), {});
  EXPECT_TRUE(fetched.ok()) << fetched.error().message;
}

TEST_F(ServiceTest, AFetchThatCannotSucceedSaysWhoWasAskedAndWhoCouldNotBeReached) {
  ServiceOptions impatient;
  impatient.client.search_after_ns = 20'000'000;
  impatient.client.answer_timeout_min_ns = 20'000'000;
  TestNode& asker = add_node(impatient);
  TestNode& lacks_it = add_node();
  TestNode& refuses = add_node();
  ScriptedPeer silent(network_, 77);
  silent.connect(asker.id());
  asker.connect(lacks_it);
  network_.refuse_dials(refuses.id(), true);
  FetchOptions options = within_ms(300);
  options.providers = {{refuses.id(), {}}, {silent.id(), {}}, {lacks_it.id(), {}}};
  const auto fetched = asker.service().fetch_block(block_number(1).cid(), options);
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(fetched.error().message,
              ::testing::AllOf(::testing::HasSubstr(block_number(1).cid().to_string()),
                               ::testing::HasSubstr(silent.id().to_string()),
                               ::testing::HasSubstr("no answer"),
                               ::testing::HasSubstr(lacks_it.id().to_string()),
                               ::testing::HasSubstr("does not have it"),
                               ::testing::HasSubstr("connection refused")));
}

TEST_F(ServiceTest, ADagThatIsNotWholeEndsAtItsDeadline) {
  TestNode& holder = add_node();
  TestNode& asker = add_node();
  const Cid root = add_file(holder.store, 100 * 512, 512);
  Bytes first(512);
  SeededRandom(7).fill(first);
  ASSERT_TRUE(holder.store.remove(Cid::of_sha256(Codec::kRaw, first)).ok());
  asker.connect(holder);
  DagFetchOptions options;
  options.timeout_ms = 300;
  const Status fetched = asker.service().fetch_dag(root, options);
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(count(asker.store), count(holder.store));  // all but the one
}

TEST_F(ServiceTest, ACancelFlagEndsAFetch) {
  TestNode& asker = add_node();
  CancelFlag cancel = false;
  FetchOptions options;
  options.cancel = &cancel;
  std::thread setter([&] {
    asker.wait_until([&] { return asker.service().is_waiting(); });
    cancel = true;
  });
  const auto fetched = asker.service().fetch_block(block_number(1).cid(), options);
  setter.join();
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(asker.wait_until([&] { return !asker.service().is_waiting(); }));
  EXPECT_TRUE(asker.service().stat().wantlist.empty());
}

TEST_F(ServiceTest, StoppingEndsEveryFetch) {
  TestNode& asker = add_node();
  std::thread stopper([&] {
    asker.wait_until([&] { return asker.service().is_waiting(); });
    asker.on_loop([&] { return asker.service().stop(), 0; });
  });
  const auto fetched = asker.service().fetch_block(block_number(1).cid(), {});
  stopper.join();
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(asker.service().fetch_dag(block_number(1).cid(), {}).ok());
}

TEST_F(ServiceTest, ThreadsThatWaitForTheSameBlockShareIt) {
  TestNode& asker = add_node();
  TestNode& holder = add_node();
  const Block block = block_number(1);
  std::vector<std::thread> threads;
  std::atomic<int> fetched = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      if (asker.service().fetch_block(block.cid(), {}).ok()) ++fetched;
    });
  }
  ASSERT_TRUE(asker.wait_until([&] { return asker.service().is_waiting(); }));
  ASSERT_TRUE(holder.store.put(block).ok());
  asker.connect(holder);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(fetched, 4);
  EXPECT_LE(asker.service().stat().blocks_received, 1U);
}

TEST_F(ServiceTest, ABlockThatIsAddedHereEndsItsFetch) {
  TestNode& asker = add_node();
  const Block block = block_number(1);
  std::thread adder([&] {
    asker.wait_until([&] { return asker.service().is_waiting(); });
    ASSERT_TRUE(asker.store.put(block).ok());
    asker.service().announce({block.cid()});
  });
  EXPECT_TRUE(asker.service().fetch_block(block.cid(), {}).ok());
  adder.join();
}

TEST_F(ServiceTest, ABlockThatIsAddedLaterIsSentToWhoWaitsForIt) {
  TestNode& asker = add_node();
  TestNode& holder = add_node();
  asker.connect(holder);
  const Block block = block_number(1, 5000);
  std::thread adder([&] {
    holder.wait_until([&] {
      const auto served = holder.service().served();
      return !served.empty() && served[0].wants_waiting > 0;
    });
    ASSERT_TRUE(holder.store.put(block).ok());
    holder.service().announce({block.cid()});
  });
  EXPECT_TRUE(asker.service().fetch_block(block.cid(), {}).ok());
  adder.join();
}

TEST_F(ServiceTest, BlocksThatAreHereAreNotAskedForAgain) {
  TestNode& holder = add_node();
  TestNode& asker = add_node();
  const Cid root = add_file(holder.store, 1'000 * 512, 512);
  asker.connect(holder);
  DagFetchOptions first_half;
  first_half.length = 250 * 1024;
  ASSERT_TRUE(asker.service().fetch_dag(root, first_half).ok());
  const uint64_t blocks = count(asker.store);
  EXPECT_LT(blocks, 600U);
  ASSERT_TRUE(asker.service().fetch_dag(root, {}).ok());
  EXPECT_EQ(asker.service().stat().blocks_received, count(holder.store));
}

TEST_F(ServiceTest, AStoreThatFetchesIsReadLikeAnyOther) {
  TestNode& holder = add_node();
  TestNode& asker = add_node();
  const Cid root = add_file(holder.store, 100 * 512, 512);
  asker.connect(holder);
  NetworkBlockstore store(asker.store, asker.service(), {});
  EXPECT_FALSE(*store.has(root));
  const auto content = unixfs::read_file(store, root, UINT64_MAX);
  ASSERT_TRUE(content.ok()) << content.error().message;
  EXPECT_EQ(*content, *unixfs::read_file(holder.store, root, UINT64_MAX));
}

TEST_F(ServiceTest, AFullStoreEndsTheFetchWithItsError) {
  TestNode& holder = add_node();
  TestNode& asker = add_node({}, 10'000);
  const Cid root = add_file(holder.store, 100 * 512, 512);
  asker.connect(holder);
  const Status fetched = asker.service().fetch_dag(root, {});
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().code, ErrorCode::kNoSpace);
}

TEST_F(ServiceTest, ServesOnlyWhomItsPolicyLists) {
  ServiceOptions options;
  options.serving = bitswap::ServingPolicy(bitswap::ServingPolicy::Peers::kListed);
  TestNode& holder = add_node(options);
  TestNode& asker = add_node();
  const Block block = block_number(1);
  ASSERT_TRUE(holder.store.put(block).ok());
  asker.connect(holder);
  EXPECT_FALSE(asker.service().fetch_block(block.cid(), within_ms(200)).ok());
  bitswap::ServingPolicy listed(bitswap::ServingPolicy::Peers::kListed);
  listed.list_peer(asker.id());
  holder.on_loop([&] { return holder.service().set_serving(listed), 0; });
  EXPECT_TRUE(asker.service().fetch_block(block.cid(), {}).ok());
}

}  // namespace
}  // namespace timerose::exchange
