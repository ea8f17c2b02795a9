#include "blockstore/dag_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blockstore/memory_blockstore.h"
#include "ipld/dag_cbor.h"

namespace timerose {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DagWalk : public ::testing::Test {
 protected:
  Block make(std::string_view name, const std::vector<Cid>& links) {
    Value::List list{Value(name)};
    for (const Cid& link : links) list.emplace_back(link);
    return Block::of_sha256(Codec::kDagCbor, *dag_cbor::encode(Value(list)));
  }
  Cid add(std::string_view name, const std::vector<Cid>& links = {}) {
    const Block block = make(name, links);
    EXPECT_TRUE(store_.put(block).ok());
    names_[block.cid()] = name;
    return block.cid();
  }
  Status walk(const std::vector<Cid>& roots, const WalkOptions& options = {}) {
    visited_.clear();
    return walk_dag(
        store_, roots,
        [&](const Cid& cid, const SharedBytes&) -> Result<Walk> {
          visited_.push_back(names_[cid]);
          return visited_.back() == skipped_ ? Walk::kSkip : Walk::kEnter;
        },
        options);
  }

  MemoryBlockstore store_;
  std::unordered_map<Cid, std::string> names_;
  std::vector<std::string> visited_;
  std::string skipped_ = "none";
};

TEST_F(DagWalk, GoesDepthFirstInTheOrderOfLinks) {
  const Cid a = add("a", {add("a1"), add("a2")});
  const Cid b = add("b", {add("b1")});
  ASSERT_TRUE(walk({add("root", {a, b})}).ok());
  EXPECT_THAT(visited_, ElementsAre("root", "a", "a1", "a2", "b", "b1"));
}

TEST_F(DagWalk, VisitsABlockOnceHoweverOftenItIsLinked) {
  const Cid leaf = add("leaf");
  const Cid a = add("a", {leaf, leaf});
  const Cid b = add("b", {leaf, a});
  ASSERT_TRUE(walk({a, b, a}).ok());
  EXPECT_THAT(visited_, ElementsAre("a", "leaf", "b"));
}

TEST_F(DagWalk, LeavesOutWhatIsBelowASkippedBlock) {
  const Cid shared = add("shared");
  const Cid a = add("a", {shared, add("only a")});
  const Cid b = add("b", {shared});
  skipped_ = "a";
  ASSERT_TRUE(walk({a, b}).ok());
  EXPECT_THAT(visited_, ElementsAre("a", "b", "shared"));
}

TEST_F(DagWalk, NamesAMissingBlockAndItsParent) {
  const Cid missing = make("missing", {}).cid();
  const Cid parent = add("parent", {missing, add("next")});
  const Status status = walk({add("root", {parent})});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(status.error().message, HasSubstr(missing.to_string()));
  EXPECT_THAT(status.error().message, HasSubstr("linked from " + parent.to_string()));
}

TEST_F(DagWalk, PassesOverMissingBlocksWhenAskedTo) {
  const Cid missing = make("missing", {}).cid();
  ASSERT_TRUE(walk({missing, add("root", {missing, add("next")})}, {.skip_missing = true}).ok());
  EXPECT_THAT(visited_, ElementsAre("root", "next"));
}

TEST_F(DagWalk, EndsWithTheErrorOfAVisit) {
  const std::vector<Cid> roots{add("root", {add("leaf")})};
  int visits = 0;
  const Status status = walk_dag_all(store_, roots, [&](const Cid&, const SharedBytes&) -> Status {
    ++visits;
    return Error{ErrorCode::kCancelled, "enough"};
  });
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(visits, 1);
}

TEST_F(DagWalk, RefusesABlockWhoseLinksCannotBeKnown) {
  const Block unknown =
      Block::of_sha256(static_cast<Codec>(0x999999), SharedBytes::copy_of(as_bytes("?")));
  ASSERT_TRUE(store_.put(unknown).ok());
  EXPECT_EQ(walk({unknown.cid()}).error().code, ErrorCode::kUnsupported);
  const Block broken = Block::of_sha256(Codec::kDagCbor, SharedBytes::copy_of(as_bytes("\xff")));
  ASSERT_TRUE(store_.put(broken).ok());
  const Status status = walk({broken.cid()});
  EXPECT_EQ(status.error().code, ErrorCode::kMalformed);
  EXPECT_THAT(status.error().message, HasSubstr(broken.cid().to_string()));
}

TEST_F(DagWalk, EntersAnIdentityCid) {
  const Cid leaf = add("leaf");
  auto inlined = Cid::of(Codec::kDagCbor, HashCode::kIdentity,
                         *dag_cbor::encode(Value(Value::List{Value(leaf)})));
  ASSERT_TRUE(inlined.ok());
  names_[*inlined] = "inlined";
  ASSERT_TRUE(walk({*inlined}).ok());
  EXPECT_THAT(visited_, ElementsAre("inlined", "leaf"));
}

TEST_F(DagWalk, BearsADagOf100000Levels) {
  Cid top = add("bottom");
  for (int i = 0; i < 100'000; ++i) {
    const Block block = make("level", {top});
    ASSERT_TRUE(store_.put(block).ok());
    top = block.cid();
  }
  ASSERT_TRUE(walk({top}).ok());
  EXPECT_EQ(visited_.size(), 100'001U);
}

}  // namespace
}  // namespace timerose
