#include "exchange/dag_check.h"

#include <gtest/gtest.h>

#include "ipld/codec.h"

namespace timerose::exchange {
namespace {

Block list_of(const std::vector<Cid>& links) {
  Value::List list;
  for (const Cid& link : links) list.emplace_back(link);
  return Block::of_sha256(Codec::kDagCbor,
                          ipld::encode(Codec::kDagCbor, Value(std::move(list))).value());
}

Block leaf(std::string_view text) {
  return Block::of_sha256(Codec::kRaw, SharedBytes::copy_of(as_bytes(text)));
}

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

}  // namespace
}  // namespace timerose::exchange
