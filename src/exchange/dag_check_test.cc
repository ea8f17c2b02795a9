#include "exchange/dag_check.h"

#include <gtest/gtest.h>

#include "blockstore/memory_blockstore.h"
#include "exchange/car_testing.h"
#include "unixfs/importer.h"

namespace timerose::exchange {
namespace {

using car_testing::leaf;
using car_testing::list_of;

TEST(DagCheck, TakesADagParentsFirst) {
  const Block a = leaf("a");
  const Block b = leaf("b");
  const Block root = list_of({a.cid(), b.cid()});
  DagCheck check(root.cid());
  EXPECT_FALSE(check.whole());
  EXPECT_TRUE(*check.add(root));
  EXPECT_TRUE(*check.add(a));
  EXPECT_FALSE(check.whole());
  EXPECT_TRUE(*check.add(b));
  EXPECT_TRUE(check.whole());
}

TEST(DagCheck, RefusesABlockThatNothingLinksTo) {
  const Block root = list_of({leaf("a").cid()});
  DagCheck check(root.cid());
  EXPECT_EQ(check.add(leaf("a")).error().code, ErrorCode::kMismatch);  // before its parent
  EXPECT_TRUE(*check.add(root));
  EXPECT_EQ(check.add(leaf("stranger")).error().code, ErrorCode::kMismatch);
}

TEST(DagCheck, PassesOverBlocksThatComeAgainButNotForEver) {
  const Block root = list_of({leaf("a").cid()});
  DagCheck check(root.cid());
  EXPECT_TRUE(*check.add(root));
  for (size_t i = 0; i < DagCheck::kDuplicatesMax; ++i) EXPECT_FALSE(*check.add(root));
  EXPECT_EQ(check.add(root).error().code, ErrorCode::kLimitExceeded);
}

TEST(DagCheck, WaitsForNoBlockThatIsInItsCid) {
  const Block a = leaf("a");
  const Block inner = list_of({a.cid()});
  const Cid identity =
      *Cid::of(Codec::kDagCbor, HashCode::kIdentity, inner.data().view());  // links to a
  const Block root = list_of({identity});
  DagCheck check(root.cid());
  EXPECT_TRUE(*check.add(root));
  EXPECT_FALSE(check.whole());
  EXPECT_TRUE(*check.add(a));
  EXPECT_TRUE(check.whole());
}

TEST(DagCheck, TakesVersion0And1ForTheSameBlock) {
  const Block node = Block::of_sha256(Codec::kDagPb, SharedBytes(Bytes{}));
  DagCheck check(*node.cid().as_v0());
  EXPECT_TRUE(*check.add(node));
  EXPECT_TRUE(check.whole());
}

// --- Parts ---

// A file of the same chunk over and over, two links to a node: parts at both ends of a range are
// the same blocks with other children wanted.
struct Repeated {
  Repeated() {
    unixfs::Layout layout;
    layout.chunk_bytes = 100;
    layout.links_max = 2;
    root = unixfs::import_bytes(as_bytes(std::string(1600, 'x')), layout, unixfs::sink_into(store))
               .value()
               .cid;
  }
  Block block(const Cid& cid) { return Block::trusted(cid, store.get(cid).value()); }
  // Each block of the path to the first leaf.
  std::vector<Block> path() {
    std::vector<Block> path = {block(root)};
    while (path.back().cid().codec() == Codec::kDagPb) {
      std::optional<Cid> first;
      EXPECT_TRUE(
          ipld::for_each_link(Codec::kDagPb, path.back().data().view(), [&](const Cid& link) {
            if (!first) first = link;
            return success();
          }).ok());
      path.push_back(block(*first));
    }
    return path;
  }
  MemoryBlockstore store;
  Cid root = leaf("").cid();
};

TEST(DagCheck, TakesARangeOfAFileWhoseBlocksRepeat) {
  Repeated file;
  for (const FileBytes range : {FileBytes{150, 1450}, FileBytes{0, 1}, FileBytes{799, 801}}) {
    DagCheck check(file.root, {DagScope::kEntity, range});
    for (const Block& block : file.path()) {
      EXPECT_FALSE(check.whole());
      const auto added = check.add(block);
      ASSERT_TRUE(added.ok()) << added.error().message;
    }
    EXPECT_TRUE(check.whole());
  }
}

TEST(DagCheck, WaitsForWhatThePartNeedsAndNoMore) {
  const Block a = leaf("a");
  const Block root = list_of({a.cid()});
  for (const DagScope scope : {DagScope::kBlock, DagScope::kEntity}) {
    DagCheck check(root.cid(), {scope});
    EXPECT_TRUE(*check.add(root));
    EXPECT_TRUE(check.whole());
    EXPECT_EQ(check.add(a).error().code, ErrorCode::kMismatch);
  }
}

// Each list names the one below it twice: 2^60 ways lead to the last.
TEST(DagCheck, GoesThroughADagThatFoldsIntoFewBlocksInFewSteps) {
  std::vector<Block> chain = {leaf("end")};
  for (int i = 0; i < 60; ++i) chain.push_back(list_of({chain.back().cid(), chain.back().cid()}));
  DagCheck check(chain.back().cid());
  for (auto block = chain.rbegin(); block != chain.rend(); ++block) {
    EXPECT_TRUE(*check.add(*block));
  }
  EXPECT_TRUE(check.whole());
}

}  // namespace
}  // namespace timerose::exchange
