#include "blockstore/memory_blockstore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace timerose {
namespace {

using ::testing::HasSubstr;

Block block_of(std::string_view data, Codec codec = Codec::kRaw) {
  return Block::of_sha256(codec, SharedBytes::copy_of(as_bytes(data)));
}

TEST(MemoryBlockstore, GivesBackWhatWasPut) {
  MemoryBlockstore store;
  const Block block = block_of("one");
  EXPECT_FALSE(*store.has(block.cid()));
  ASSERT_TRUE(store.put(block).ok());
  EXPECT_TRUE(*store.has(block.cid()));
  EXPECT_EQ(*store.size(block.cid()), 3U);
  EXPECT_EQ(as_text(store.get(block.cid())->view()), "one");
}

TEST(MemoryBlockstore, NamesTheBlockThatItLacks) {
  MemoryBlockstore store;
  const Cid cid = block_of("absent").cid();
  EXPECT_EQ(store.get(cid).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(store.get(cid).error().message, HasSubstr(cid.to_string()));
  EXPECT_EQ(store.size(cid).error().code, ErrorCode::kNotFound);
}

TEST(MemoryBlockstore, KeepsOneEntryForEveryNameOfABlock) {
  MemoryBlockstore store;
  const Block block = block_of("same", Codec::kDagPb);
  ASSERT_TRUE(store.put(block).ok());
  ASSERT_TRUE(store.put(block_of("same", Codec::kRaw)).ok());
  EXPECT_TRUE(*store.has(*block.cid().as_v0()));
  size_t entries = 0;
  ASSERT_TRUE(store
                  .for_each([&](ByteView multihash, uint64_t size) {
                    EXPECT_TRUE(equal(multihash, block.cid().multihash_bytes()));
                    EXPECT_EQ(size, 4U);
                    ++entries;
                    return success();
                  })
                  .ok());
  EXPECT_EQ(entries, 1U);
}

TEST(MemoryBlockstore, AnswersAnIdentityCidFromItself) {
  MemoryBlockstore store(0);
  auto block = Block::of(Codec::kRaw, HashCode::kIdentity, SharedBytes::copy_of(as_bytes("tiny")));
  ASSERT_TRUE(block.ok());
  EXPECT_TRUE(*store.has(block->cid()));
  EXPECT_EQ(as_text(store.get(block->cid())->view()), "tiny");
  EXPECT_EQ(*store.size(block->cid()), 4U);
  EXPECT_TRUE(store.put(*block).ok());
  EXPECT_TRUE(store.remove(block->cid()).ok());
  EXPECT_TRUE(*store.has(block->cid()));
}

TEST(MemoryBlockstore, IsFullAtItsLimitAndHasSpaceAfterARemoval) {
  MemoryBlockstore store(6);
  ASSERT_TRUE(store.put(block_of("one")).ok());
  ASSERT_TRUE(store.put(block_of("two")).ok());
  ASSERT_TRUE(store.put(block_of("two")).ok()) << "a block that is there takes no space";
  const Status full = store.put(block_of("3"));
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, ErrorCode::kNoSpace);
  EXPECT_TRUE(*store.has(block_of("one").cid()));
  ASSERT_TRUE(store.remove(block_of("one").cid()).ok());
  EXPECT_FALSE(*store.has(block_of("one").cid()));
  EXPECT_TRUE(store.put(block_of("3")).ok());
}

TEST(MemoryBlockstore, RefusesABlockOverTheSizeLimit) {
  MemoryBlockstore store;
  EXPECT_EQ(store.put(Block::of_sha256(Codec::kRaw, Bytes(kBlockBytesMax + 1))).error().code,
            ErrorCode::kLimitExceeded);
}

TEST(MemoryBlockstore, RemovesWhatIsNotThereWithoutAnError) {
  MemoryBlockstore store;
  EXPECT_TRUE(store.remove(block_of("absent").cid()).ok());
}

TEST(MemoryBlockstore, EndsAWalkWithTheErrorOfTheVisitWhichMayUseTheStore) {
  MemoryBlockstore store;
  ASSERT_TRUE(store.put(block_of("one")).ok());
  ASSERT_TRUE(store.put(block_of("two")).ok());
  int visits = 0;
  const Status ended = store.for_each([&](ByteView, uint64_t) -> Status {
    ++visits;
    EXPECT_TRUE(store.remove(block_of("one").cid()).ok());
    return Error{ErrorCode::kCancelled, "enough"};
  });
  EXPECT_EQ(ended.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(visits, 1);
}

TEST(MemoryBlockstore, IsUsedByThreadsAtTheSameTime) {
  MemoryBlockstore store;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&store, t] {
      for (int i = 0; i < 200; ++i) {
        const Block block = block_of(std::to_string((t % 2) * 1000 + i));
        ASSERT_TRUE(store.put(block).ok());
        ASSERT_TRUE(store.get(block.cid()).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  size_t entries = 0;
  ASSERT_TRUE(store
                  .for_each([&](ByteView, uint64_t) {
                    ++entries;
                    return success();
                  })
                  .ok());
  EXPECT_EQ(entries, 400U);
}

}  // namespace
}  // namespace timerose
