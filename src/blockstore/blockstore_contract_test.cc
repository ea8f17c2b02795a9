// What blockstore.h promises, of each implementation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "blockstore/guarded_blockstore.h"
#include "blockstore/memory_blockstore.h"
#include "blockstore/rocks_blockstore.h"
#include "blockstore/store_testing.h"
#include "blockstore/verify.h"

namespace timerose {
namespace {

using testing_support::block_of;
using testing_support::bytes_of;
using testing_support::TemporaryFolder;

// A store with what it stands on.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual Blockstore& store() = 0;
};

class MemoryUnderTest final : public StoreUnderTest {
 public:
  Blockstore& store() override { return store_; }

 private:
  MemoryBlockstore store_;
};

class RocksUnderTest final : public StoreUnderTest {
 public:
  RocksUnderTest()
      : database_(RocksDatabase::open(folder_.path() / "blocks", {}).value()), store_(*database_) {}
  Blockstore& store() override { return store_; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<RocksDatabase> database_;
  RocksBlockstore store_;
};

class GuardedUnderTest final : public StoreUnderTest {
 public:
  Blockstore& store() override { return store_; }

 private:
  MemoryBlockstore base_;
  GuardedBlockstore store_{base_};
};

template <typename Under>
class BlockstoreContract : public testing::Test {
 protected:
  Under under_;
  Blockstore& store_ = under_.store();
};
using Stores = testing::Types<MemoryUnderTest, RocksUnderTest, GuardedUnderTest>;
TYPED_TEST_SUITE(BlockstoreContract, Stores);

TYPED_TEST(BlockstoreContract, GivesBackWhatWasPutBeforeAndAfterAFlush) {
  const std::vector<Block> blocks = {block_of(1, 0), block_of(2, 1), block_of(3, 1023),
                                     block_of(4, 1024), block_of(5, kBlockBytesMax)};
  ASSERT_TRUE(this->store_.put(blocks).ok());
  for (int round = 0; round < 2; ++round) {
    for (const Block& block : blocks) {
      const auto data = this->store_.get(block.cid());
      ASSERT_TRUE(data.ok()) << data.error().message;
      EXPECT_TRUE(equal(data->view(), block.data().view()));
      EXPECT_TRUE(
          equal(this->store_.get_unverified(block.cid()).value().view(), block.data().view()));
      EXPECT_EQ(this->store_.size(block.cid()).value(), block.size());
      EXPECT_TRUE(this->store_.has(block.cid()).value());
    }
    ASSERT_TRUE(this->store_.flush().ok());
  }
}

TYPED_TEST(BlockstoreContract, SaysThatABlockIsAbsent) {
  const Cid cid = block_of(1).cid();
  EXPECT_EQ(this->store_.get(cid).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->store_.get_unverified(cid).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->store_.size(cid).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(this->store_.has(cid).value());
  EXPECT_TRUE(this->store_.remove(cid).ok());
}

TYPED_TEST(BlockstoreContract, KeepsABlockOnceUnderEveryVersionAndCodec) {
  const Bytes data = bytes_of(7, 300);
  const Cid raw = Cid::of_sha256(Codec::kRaw, data);
  const Cid v0 = Cid::make(0, Codec::kDagPb, raw.multihash_bytes()).value();
  ASSERT_TRUE(this->store_.put(Block::trusted(raw, data)).ok());
  ASSERT_TRUE(this->store_.put(Block::trusted(v0, data)).ok());
  EXPECT_TRUE(equal(this->store_.get(v0)->view(), data));
  EXPECT_EQ(count_blocks(this->store_)->blocks, 1U);
  EXPECT_EQ(count_blocks(this->store_)->bytes, 300U);
}

TYPED_TEST(BlockstoreContract, AnswersAnIdentityCidFromItself) {
  const Bytes data = bytes_of(7, 20);
  const Cid cid = Cid::of(Codec::kRaw, HashCode::kIdentity, data).value();
  EXPECT_TRUE(equal(this->store_.get(cid)->view(), data));
  EXPECT_TRUE(this->store_.has(cid).value());
  EXPECT_EQ(this->store_.size(cid).value(), 20U);
  ASSERT_TRUE(this->store_.put(Block::trusted(cid, data)).ok());
  EXPECT_EQ(count_blocks(this->store_)->blocks, 0U);
}

TYPED_TEST(BlockstoreContract, KeepsBlocksOfOtherHashFunctions) {
  for (const HashCode hash : {HashCode::kSha2_512, HashCode::kBlake3}) {
    const Block block = Block::of(Codec::kRaw, hash, bytes_of(9, 2000)).value();
    ASSERT_TRUE(this->store_.put(block).ok());
    ASSERT_TRUE(this->store_.flush().ok());
    EXPECT_TRUE(equal(this->store_.get(block.cid())->view(), block.data().view()));
  }
}

TYPED_TEST(BlockstoreContract, ForgetsARemovedBlockAndTakesItAgain) {
  const Block block = block_of(1, 5000);
  for (const bool flush_between : {false, true}) {
    ASSERT_TRUE(this->store_.put(block).ok());
    if (flush_between) {
      ASSERT_TRUE(this->store_.flush().ok());
    }
    ASSERT_TRUE(this->store_.remove(block.cid()).ok());
    EXPECT_FALSE(this->store_.has(block.cid()).value());
    EXPECT_EQ(this->store_.get(block.cid()).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(count_blocks(this->store_)->blocks, 0U);
    ASSERT_TRUE(this->store_.put(block).ok());
    EXPECT_TRUE(equal(this->store_.get(block.cid())->view(), block.data().view()));
    ASSERT_TRUE(this->store_.remove(block.cid()).ok());
  }
}

TYPED_TEST(BlockstoreContract, ListsEachBlockOnceWithItsSize) {
  std::map<std::string, uint64_t> expected;
  const auto put = [&](uint64_t number, size_t size) {
    const Block block = block_of(number, size);
    ASSERT_TRUE(this->store_.put(block).ok());
    expected[std::string(as_text(block.cid().multihash_bytes()))] = size;
  };
  for (uint64_t number = 0; number < 50; ++number) put(number, number * 100);
  ASSERT_TRUE(this->store_.flush().ok());
  for (uint64_t number = 50; number < 60; ++number) put(number, 10);
  std::map<std::string, uint64_t> found;
  ASSERT_TRUE(this->store_
                  .for_each([&](ByteView multihash, uint64_t size) {
                    EXPECT_TRUE(found.emplace(as_text(multihash), size).second);
                    return success();
                  })
                  .ok());
  EXPECT_EQ(found, expected);
}

TYPED_TEST(BlockstoreContract, EndsAListingWithTheErrorOfAVisit) {
  ASSERT_TRUE(this->store_.put(block_of(1)).ok());
  ASSERT_TRUE(this->store_.put(block_of(2)).ok());
  int visits = 0;
  const Status status = this->store_.for_each([&](ByteView, uint64_t) -> Status {
    ++visits;
    return Error{ErrorCode::kCancelled, "enough"};
  });
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(visits, 1);
}

TYPED_TEST(BlockstoreContract, LetsAVisitRemoveBlocks) {
  for (uint64_t number = 0; number < 20; ++number) {
    ASSERT_TRUE(this->store_.put(block_of(number)).ok());
    if (number == 10) {
      ASSERT_TRUE(this->store_.flush().ok());
    }
  }
  ASSERT_TRUE(this->store_
                  .for_each([&](ByteView multihash, uint64_t) {
                    return this->store_.remove(Cid::make(1, Codec::kRaw, multihash).value());
                  })
                  .ok());
  EXPECT_EQ(count_blocks(this->store_)->blocks, 0U);
}

TYPED_TEST(BlockstoreContract, RefusesABlockOverTheLimit) {
  const Bytes data(kBlockBytesMax + 1);
  const Block block = Block::trusted(Cid::of_sha256(Codec::kRaw, data), data);
  EXPECT_EQ(this->store_.put(block).error().code, ErrorCode::kLimitExceeded);
}

TYPED_TEST(BlockstoreContract, KeepsReadBytesAliveAfterTheBlockIsGone) {
  const Block block = block_of(1, 100'000);
  ASSERT_TRUE(this->store_.put(block).ok());
  ASSERT_TRUE(this->store_.flush().ok());
  const SharedBytes data = this->store_.get(block.cid()).value();
  ASSERT_TRUE(this->store_.remove(block.cid()).ok());
  EXPECT_TRUE(equal(data.view(), block.data().view()));
}

TYPED_TEST(BlockstoreContract, ServesThreadsThatPutTheSameAndReadAndFlush) {
  constexpr uint64_t kBlocks = 300;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (uint64_t number = 0; number < kBlocks; ++number) {
        const Block block = block_of(number, 8000 + number);
        if (!this->store_.put(block).ok()) ++failures;
        const auto data = this->store_.get(block.cid());
        if (!data.ok() || !equal(data->view(), block.data().view())) ++failures;
        if (number % 50 == 0 && !this->store_.flush().ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(count_blocks(this->store_)->blocks, kBlocks);
  const auto none = [](const Cid&, const Error& why) -> Status { return why; };
  EXPECT_EQ(verify_blocks(this->store_, none)->good.blocks, kBlocks);
}

}  // namespace
}  // namespace timerose
