#include "exchange/dag_fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "base/random.h"
#include "blockstore/memory_blockstore.h"
#include "ipld/codec.h"
#include "unixfs/importer.h"
#include "unixfs/reader.h"

namespace timerose::exchange {
namespace {

class DagFetchTest : public ::testing::Test {
 protected:
  Cid add_raw(uint64_t number) {
    Bytes bytes(8);
    SeededRandom(number).fill(bytes);
    return add(Block::of_sha256(Codec::kRaw, std::move(bytes)));
  }
  Cid add_list(const std::vector<Cid>& links) {
    Value::List list;
    for (const Cid& link : links) list.emplace_back(link);
    return add(
        Block::of_sha256(Codec::kDagCbor, *ipld::encode(Codec::kDagCbor, Value(std::move(list)))));
  }
  Cid add(const Block& block) {
    EXPECT_TRUE(store_.put(block).ok());
    return block.cid();
  }
  Cid add_file(const Bytes& content, uint32_t chunk_bytes, uint32_t links_max) {
    unixfs::Layout layout;
    layout.chunk_bytes = chunk_bytes;
    layout.links_max = links_max;
    return unixfs::import_bytes(content, layout, unixfs::sink_into(store_))->cid;
  }

  Status bring(DagFetch& fetch, const Cid& cid) {
    TR_ASSIGN(const SharedBytes data, store_.get(cid));
    return fetch.arrived(cid, data);
  }

  // Brings all blocks, in the order in which they were asked for, and says that order.
  std::vector<Cid> run(DagFetch& fetch) {
    std::vector<Cid> order;
    std::deque<Cid> asked;
    while (true) {
      for (const Cid& cid : fetch.take_next()) {
        order.push_back(cid);
        asked.push_back(cid);
      }
      most_in_flight_ = std::max(most_in_flight_, fetch.blocks_in_flight());
      most_waiting_ = std::max(most_waiting_, fetch.links_waiting());
      if (asked.empty()) break;
      EXPECT_TRUE(bring(fetch, asked.front()).ok());
      asked.pop_front();
    }
    EXPECT_TRUE(fetch.done());
    return order;
  }

  MemoryBlockstore store_;
  uint64_t most_in_flight_ = 0;
  uint64_t most_waiting_ = 0;
};

TEST_F(DagFetchTest, GoesDepthFirstAsFarAsItKnowsTheLinks) {
  const Cid a1 = add_raw(1);
  const Cid a2 = add_raw(2);
  const Cid b1 = add_raw(3);
  const Cid a = add_list({a1, a2});
  const Cid b = add_list({b1});
  const Cid root = add_list({a, b});
  DagFetch fetch(root);
  EXPECT_THAT(fetch.take_next(), testing::ElementsAre(root));
  EXPECT_TRUE(fetch.take_next().empty());
  ASSERT_TRUE(bring(fetch, root).ok());
  EXPECT_THAT(fetch.take_next(), testing::ElementsAre(a, b));
  ASSERT_TRUE(bring(fetch, b).ok());
  ASSERT_TRUE(bring(fetch, a).ok());
  EXPECT_THAT(fetch.take_next(), testing::ElementsAre(a1, a2, b1));
  EXPECT_EQ(fetch.blocks_known(), 6U);
}

TEST_F(DagFetchTest, TakesEachBlockOnce) {
  const Cid leaf = add_raw(1);
  const Cid inner = add_list({leaf, leaf});
  const Cid root = add_list({inner, leaf, inner, inner});
  DagFetch fetch(root);
  EXPECT_THAT(run(fetch), testing::UnorderedElementsAre(root, inner, leaf));
}

TEST_F(DagFetchTest, KeepsWhatIsInFlightUnderBothLimits) {
  std::vector<Cid> leaves;
  for (uint64_t i = 0; i < 1000; ++i) leaves.push_back(add_raw(i));
  const Cid root = add_list(leaves);
  DagFetch narrow(root, {}, {.blocks_in_flight_max = 7});
  run(narrow);
  EXPECT_EQ(most_in_flight_, 7U);

  most_in_flight_ = 0;
  DagFetch light(root, {}, {.blocks_in_flight_max = 1000, .bytes_in_flight_max = 3U << 20});
  run(light);
  // 12 of the size that is assumed at first; more once it is known how small they are.
  EXPECT_GT(most_in_flight_, 12U);
}

TEST_F(DagFetchTest, WalksAChainOfAHundredThousandLevels) {
  Cid root = add_raw(0);
  for (int level = 0; level < 100'000; ++level) root = add_list({root});
  DagFetch fetch(root);
  EXPECT_EQ(run(fetch).size(), 100'001U);
}

TEST_F(DagFetchTest, HoldsNoMoreLinksThanItMay) {
  // 300,000 links below the root, by way of many blocks, each of which has more.
  std::vector<Cid> lists;
  for (uint64_t i = 0; i < 30; ++i) {
    std::vector<Cid> leaves;
    for (uint64_t n = 0; n < 1000; ++n) leaves.push_back(add_raw(n));
    leaves.push_back(add_raw(1'000'000 + i));
    std::vector<Cid> repeated;
    for (int again = 0; again < 10; ++again) {
      repeated.insert(repeated.end(), leaves.begin(), leaves.end());
    }
    lists.push_back(add_list(repeated));
  }
  const Cid root = add_list(lists);
  constexpr uint64_t kLinks = 10'010;  // of one block
  DagFetch fetch(root, {}, {.links_waiting_max = 20'000});
  const std::vector<Cid> order = run(fetch);
  EXPECT_LE(most_waiting_, 20'000 + kLinks);
  std::vector<Cid> distinct = order;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  EXPECT_EQ(distinct.size(), 1 + 30 + 1000 + 30U);
  EXPECT_GT(order.size(), distinct.size());  // some were read again for their links
}

TEST_F(DagFetchTest, ADeepDagOfWideNodesIsTakenWhole) {
  Cid below = add_raw(0);
  for (uint64_t level = 1; level <= 300; ++level) {
    std::vector<Cid> links = {below};
    for (uint64_t n = 0; n < 20; ++n) links.push_back(add_raw(level * 100 + n));
    below = add_list(links);
  }
  DagFetch fetch(below, {}, {.blocks_in_flight_max = 4, .links_waiting_max = 100});
  std::vector<Cid> order = run(fetch);
  std::sort(order.begin(), order.end());
  order.erase(std::unique(order.begin(), order.end()), order.end());
  EXPECT_EQ(order.size(), 1 + 300 + 300 * 20U);
  EXPECT_LE(most_waiting_, 100 + 21U);
}

TEST_F(DagFetchTest, TakesOnlyWhatARangeNeeds) {
  Bytes content(1000 * 16);
  SeededRandom(1).fill(content);
  const Cid root = add_file(content, 16, 10);
  MemoryBlockstore fetched;
  DagFetch fetch(root, {5000, 333});
  const auto order = run(fetch);
  for (const Cid& cid : order) {
    ASSERT_TRUE(fetched.put(Block::trusted(cid, *store_.get(cid))).ok());
  }
  // 22 leaves at most, and the way to them.
  EXPECT_LE(order.size(), 22 + 3 * 3U);
  auto reader = unixfs::FileReader::open(fetched, root);
  ASSERT_TRUE(reader.ok());
  Bytes read(333);
  const auto count = reader->read_at(5000, read);
  ASSERT_TRUE(count.ok()) << count.error().message;
  EXPECT_TRUE(equal(read, ByteView(content).subspan(5000, 333)));
}

TEST_F(DagFetchTest, ARangeOfRepeatedPartsIsWhole) {
  const Bytes content(1000 * 16, 'x');  // all parts of a level are one block
  const Cid root = add_file(content, 16, 10);
  MemoryBlockstore fetched;
  DagFetch fetch(root, {8, 16'000 - 12});
  for (const Cid& cid : run(fetch)) {
    ASSERT_TRUE(fetched.put(Block::trusted(cid, *store_.get(cid))).ok());
  }
  auto reader = unixfs::FileReader::open(fetched, root);
  Bytes read(16'000 - 12);
  ASSERT_TRUE(reader->read_at(8, read).ok());
}

TEST_F(DagFetchTest, ARangeOfWhatIsNoFileIsAllOfIt) {
  const Cid root = add_list({add_raw(1), add_raw(2)});
  DagFetch fetch(root, {1, 1});
  EXPECT_EQ(run(fetch).size(), 3U);
}

TEST_F(DagFetchTest, BytesThatAreNotWhatTheirCodecSaysEndIt) {
  const Block bad = Block::of_sha256(Codec::kDagCbor, to_bytes(as_bytes("\xff")));
  DagFetch fetch(bad.cid());
  fetch.take_next();
  const Status taken = fetch.arrived(bad.cid(), bad.data());
  ASSERT_FALSE(taken.ok());
  EXPECT_THAT(taken.error().message, testing::HasSubstr(bad.cid().to_string()));
}

TEST_F(DagFetchTest, PassesOverABlockThatItDidNotAskFor) {
  const Cid root = add_raw(1);
  DagFetch fetch(root);
  EXPECT_TRUE(bring(fetch, add_list({root})).ok());
  EXPECT_FALSE(fetch.done());
}

}  // namespace
}  // namespace timerose::exchange
