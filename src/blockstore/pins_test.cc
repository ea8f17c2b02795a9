#include "blockstore/pins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "blockstore/memory_blockstore.h"
#include "blockstore/store_testing.h"
#include "ipld/dag_cbor.h"

namespace timerose {
namespace {

using testing_support::block_of;

class PinsTest : public testing::Test {
 protected:
  // A dag-cbor block that links to `children`.
  Cid node(const std::vector<Cid>& children) {
    Value::List list;
    for (const Cid& child : children) list.emplace_back(child);
    const Block block =
        Block::of_sha256(Codec::kDagCbor, dag_cbor::encode(Value(std::move(list))).value());
    EXPECT_TRUE(store_.put(block).ok());
    return block.cid();
  }
  Cid leaf(uint64_t number) {
    EXPECT_TRUE(store_.put(block_of(number)).ok());
    return block_of(number).cid();
  }
  std::string list(std::optional<PinMode> mode = std::nullopt) {
    std::string all;
    EXPECT_TRUE(pins_
                    .for_each(mode,
                              [&](const Pin& pin) {
                                all += pin.name + ":" + pin_mode_name(pin.mode) + " ";
                                return success();
                              })
                    .ok());
    return all;
  }

  testing_support::TemporaryFolder folder_;
  sqlite::Database database_{folder_.path() / "records.sqlite"};
  Pins pins_{database_};
  MemoryBlockstore store_;
};

TEST_F(PinsTest, ListsPinsInOrderOfCreationAndByMode) {
  ASSERT_TRUE(pins_.add({leaf(1), PinMode::kDirect, "one"}).ok());
  ASSERT_TRUE(pins_.add({leaf(2), PinMode::kRecursive, "two"}).ok());
  ASSERT_TRUE(pins_.add({leaf(3), PinMode::kDirect, "three"}).ok());
  EXPECT_EQ(list(), "one:direct two:recursive three:direct ");
  EXPECT_EQ(list(PinMode::kDirect), "one:direct three:direct ");
}

TEST_F(PinsTest, SurvivesReopening) {
  ASSERT_TRUE(pins_.add({leaf(1), PinMode::kDirect, "one"}).ok());
  sqlite::Database again(folder_.path() / "records.sqlite");
  const auto found = Pins(again).find(block_of(1).cid());
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->name, "one");
}

TEST_F(PinsTest, MakesADirectPinRecursiveButNotTheOtherWay) {
  const Cid cid = leaf(1);
  ASSERT_TRUE(pins_.add({cid, PinMode::kDirect, "one"}).ok());
  ASSERT_TRUE(pins_.add({cid, PinMode::kRecursive, ""}).ok());
  EXPECT_EQ(list(), "one:recursive ");
  EXPECT_EQ(pins_.add({cid, PinMode::kDirect, ""}).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(pins_.add({cid, PinMode::kRecursive, "renamed"}).ok());
  EXPECT_EQ(list(), "renamed:recursive ");
}

TEST_F(PinsTest, TakesBothVersionsOfACidForOnePinAndListsItAsGiven) {
  const Cid v1 = Cid::of_sha256(Codec::kDagPb, as_bytes("x"));
  const Cid v0 = v1.as_v0().value();
  ASSERT_TRUE(pins_.add({v0, PinMode::kRecursive, ""}).ok());
  const auto found = pins_.find(v1);
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->cid, v0);
  EXPECT_TRUE(pins_.remove(v1).ok());
  EXPECT_EQ(list(), "");
}

TEST_F(PinsTest, SaysWhatItCannotRemove) {
  const Cid cid = leaf(1);
  EXPECT_EQ(pins_.remove(cid).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(pins_.add({cid, PinMode::kDirect, ""}).ok());
  const Status wrong_mode = pins_.remove(cid, PinMode::kRecursive);
  EXPECT_EQ(wrong_mode.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(wrong_mode.error().message, testing::HasSubstr("direct"));
  EXPECT_TRUE(pins_.remove(cid, PinMode::kDirect).ok());
}

TEST_F(PinsTest, RefusesANameThatIsTooLong) {
  EXPECT_TRUE(pins_.add({leaf(1), PinMode::kDirect, std::string(kPinNameBytesMax, 'n')}).ok());
  EXPECT_EQ(
      pins_.add({leaf(2), PinMode::kDirect, std::string(kPinNameBytesMax + 1, 'n')}).error().code,
      ErrorCode::kInvalidArgument);
}

TEST_F(PinsTest, SaysWhyABlockIsKept) {
  const Cid deep = leaf(1);
  const Cid root = node({node({deep}), leaf(2)});
  ASSERT_TRUE(pins_.add({root, PinMode::kRecursive, ""}).ok());
  ASSERT_TRUE(pins_.add({leaf(3), PinMode::kDirect, ""}).ok());
  EXPECT_EQ((*pins_.why_pinned(store_, root))->how, Pinned::How::kRecursive);
  EXPECT_EQ((*pins_.why_pinned(store_, block_of(3).cid()))->how, Pinned::How::kDirect);
  const auto indirect = pins_.why_pinned(store_, deep);
  ASSERT_TRUE(indirect->has_value());
  EXPECT_EQ((*indirect)->how, Pinned::How::kIndirect);
  EXPECT_EQ((*indirect)->through, root);
  EXPECT_FALSE(pins_.why_pinned(store_, leaf(4))->has_value());
}

TEST_F(PinsTest, ListsWhatIsKeptIndirectlyOnce) {
  const Cid shared = leaf(1);
  const Cid inner = node({shared});
  const Cid pinned_inside = leaf(2);
  ASSERT_TRUE(pins_.add({node({inner, pinned_inside}), PinMode::kRecursive, ""}).ok());
  ASSERT_TRUE(pins_.add({node({shared, leaf(3)}), PinMode::kRecursive, ""}).ok());
  ASSERT_TRUE(pins_.add({pinned_inside, PinMode::kDirect, ""}).ok());
  std::multiset<Cid> found;
  ASSERT_TRUE(pins_
                  .for_each_indirect(store_,
                                     [&](const Cid& cid) {
                                       found.insert(cid);
                                       return success();
                                     })
                  .ok());
  EXPECT_EQ(found, (std::multiset<Cid>{shared, inner, block_of(3).cid()}));
}

TEST_F(PinsTest, PinsADagOnlyIfAllOfItIsThere) {
  const Cid missing = block_of(9).cid();
  const Cid root = node({leaf(1), node({missing})});
  const Status pinned = pin_dag(store_, pins_, {root, PinMode::kRecursive, ""});
  ASSERT_FALSE(pinned.ok());
  EXPECT_EQ(pinned.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(pinned.error().message, testing::HasSubstr(missing.to_string()));
  EXPECT_EQ(list(), "");
  EXPECT_TRUE(pin_dag(store_, pins_, {root, PinMode::kDirect, ""}).ok());
  leaf(9);
  EXPECT_TRUE(pin_dag(store_, pins_, {root, PinMode::kRecursive, "all"}).ok());
  EXPECT_EQ(list(), "all:recursive ");
}

}  // namespace
}  // namespace timerose
