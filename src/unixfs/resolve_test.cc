#include "unixfs/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blockstore/memory_blockstore.h"
#include "ipld/codec.h"
#include "ipld/dag_pb.h"
#include "unixfs/directory.h"
#include "unixfs/importer.h"
#include "unixfs/node.h"

namespace timerose::unixfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ResolveTest : public ::testing::Test {
 protected:
  Cid put(Codec codec, const Value& value) {
    auto block = Block::of_sha256(codec, *ipld::encode(codec, value));
    EXPECT_TRUE(store_.put(block).ok());
    return block.cid();
  }

  Imported file(std::string_view text) {
    return *import_bytes(as_bytes(text), unixfs_v1_2025(), sink_into(store_));
  }

  Cid directory(const std::vector<std::pair<std::string, Imported>>& entries, Layout layout = {}) {
    DirectoryBuilder builder(layout);
    for (const auto& [name, child] : entries) EXPECT_TRUE(builder.add(name, child).ok());
    return builder.finish(sink_into(store_))->cid;
  }

  Result<Resolved> follow(const Cid& root, std::vector<std::string> segments) {
    return resolve(store_, Path{root, std::move(segments)});
  }

  void expect_block(const Cid& root, std::vector<std::string> segments, const Cid& expected) {
    const auto found = follow(root, std::move(segments));
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found->cid, expected);
    EXPECT_TRUE(found->rest.empty());
    EXPECT_FALSE(found->value.has_value());
  }

  void expect_error(const Cid& root, std::vector<std::string> segments, ErrorCode code,
                    const std::string& why) {
    const auto found = follow(root, std::move(segments));
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, code) << found.error().message;
    EXPECT_THAT(found.error().message, HasSubstr(why));
  }

  MemoryBlockstore store_;
};

TEST_F(ResolveTest, AnswersABareCidWithoutLookingForItsBlock) {
  const Cid absent = Cid::of_sha256(Codec::kDagPb, as_bytes("absent"));
  expect_block(absent, {}, absent);
}

TEST_F(ResolveTest, GoesThroughDirectories) {
  const Imported leaf = file("hello");
  const Cid inner = directory({{"leaf", leaf}});
  const Cid root = directory({{"inner", {inner, 0, 0}}, {"other", leaf}});
  expect_block(root, {"inner"}, inner);
  expect_block(root, {"inner", "leaf"}, leaf.cid);
}

TEST_F(ResolveTest, GoesThroughShardedDirectories) {
  Layout layout;
  layout.directory_bytes_max = 1;
  std::vector<std::pair<std::string, Imported>> entries;
  for (int i = 0; i < 300; ++i) {
    entries.emplace_back("entry" + std::to_string(i), file(std::to_string(i)));
  }
  const Cid root = directory(entries, layout);
  for (const auto& [name, child] : entries) expect_block(root, {name}, child.cid);
  expect_error(root, {"absent"}, ErrorCode::kNotFound, ", ...");
}

TEST_F(ResolveTest, NamesWhatIsThereWhenAnEntryIsNot) {
  const Imported leaf = file("x");
  const Cid small = directory({{"one", leaf}, {"two", leaf}});
  expect_error(small, {"three"}, ErrorCode::kNotFound,
               "no 'three' in /ipfs/" + small.to_string() + ": it has 'one', 'two'");
  expect_error(directory({}), {"x"}, ErrorCode::kNotFound, "it is empty");

  std::vector<std::pair<std::string, Imported>> nine;
  for (int i = 1; i <= 9; ++i) nine.emplace_back("n" + std::to_string(i), leaf);
  const auto found = follow(directory(nine), {"x"});
  EXPECT_THAT(found.error().message, HasSubstr("'n8', ..."));
  EXPECT_THAT(found.error().message, Not(HasSubstr("n9")));
}

TEST_F(ResolveTest, DoesNotGoThroughAFile) {
  const Imported leaf = file("x");
  const Cid root = directory({{"leaf", leaf}});
  expect_error(root, {"leaf", "deeper"}, ErrorCode::kInvalidArgument,
               "/leaf is a file, not a directory: there is no 'deeper' in it");
  const Imported wrapped = *import_bytes(as_bytes("x"), unixfs_v0_2015(), sink_into(store_));
  expect_error(wrapped.cid, {"deeper"}, ErrorCode::kInvalidArgument, "is a file");
}

TEST_F(ResolveTest, DoesNotFollowSymbolicLinks) {
  const Imported link = *import_symlink("/elsewhere", unixfs_v1_2025(), sink_into(store_));
  const Cid root = directory({{"link", link}});
  expect_block(root, {"link"}, link.cid);
  expect_error(root, {"link", "x"}, ErrorCode::kInvalidArgument, "is a symlink");
}

TEST_F(ResolveTest, GoesThroughValuesAndTheirLinks) {
  const Imported leaf = file("x");
  const Cid folder = directory({{"leaf", leaf}});
  for (const Codec codec : {Codec::kDagCbor, Codec::kDagJson}) {
    const Cid inner = put(codec, Value::Map{{"folder", folder}, {"n", 7}});
    const Cid root = put(codec, Value::Map{{"list", Value::List{1, inner}}});
    expect_block(root, {"list", "1"}, inner);
    expect_block(root, {"list", "1", "folder", "leaf"}, leaf.cid);
    const auto found = follow(root, {"list", "1", "n"});
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->cid, inner);
    EXPECT_THAT(found->rest, ElementsAre("n"));
    EXPECT_TRUE(*found->value == Value(7));
  }
}

TEST_F(ResolveTest, SaysWhatAValueHas) {
  const Cid root = put(Codec::kDagCbor, Value::Map{{"a", Value::List{1, 2}}, {"b", "text"}});
  expect_error(root, {"c"}, ErrorCode::kNotFound, "it has 'a', 'b'");
  for (const char* index : {"2", "-1", "01", "x", "", "99999999999999999999999"}) {
    expect_error(root, {"a", index}, ErrorCode::kNotFound, "a list of 2");
  }
  expect_error(root, {"b", "x"}, ErrorCode::kInvalidArgument, "is of kind string");
}

TEST_F(ResolveTest, CrossesBlocksThatAreOnlyALinkButNotForEver) {
  const Cid end = put(Codec::kDagCbor, Value::Map{{"a", 1}});
  Cid chain = end;
  for (size_t i = 0; i < kBareLinksMax; ++i) chain = put(Codec::kDagCbor, chain);
  EXPECT_EQ(follow(chain, {"a"})->cid, end);
  expect_error(put(Codec::kDagCbor, chain), {"a"}, ErrorCode::kLimitExceeded, "only links");
}

TEST_F(ResolveTest, GoesThroughOtherDagPbNodesByTheNamesOfLinks) {
  const Imported leaf = file("x");
  const Block node = Block::of_sha256(
      Codec::kDagPb, dag_pb::encode({{{leaf.cid, "", true, 1}, {leaf.cid, "name", true, 1}},
                                     to_bytes(as_bytes("no UnixFS"))}));
  ASSERT_TRUE(store_.put(node).ok());
  expect_block(node.cid(), {"name"}, leaf.cid);
  expect_error(node.cid(), {"x"}, ErrorCode::kNotFound, "it has 'name' (links by name)");
}

TEST_F(ResolveTest, GoesThroughTheDataModelOfDagPb) {
  const Imported leaf = file("x");
  const Cid root = directory({{"leaf", leaf}});
  expect_block(root, {"Links", "0", "Hash"}, leaf.cid);
  const auto name = follow(root, {"Links", "0", "Name"});
  ASSERT_TRUE(name.ok()) << name.error().message;
  EXPECT_TRUE(*name->value == Value("leaf"));
  EXPECT_EQ(name->cid, root);
  // An entry of that name comes first.
  expect_block(directory({{"Links", leaf}}), {"Links"}, leaf.cid);
}

TEST_F(ResolveTest, SaysWhereABlockWasMissing) {
  const Cid absent = Cid::of_sha256(Codec::kDagCbor, as_bytes("absent"));
  const Cid root = put(Codec::kDagCbor, Value::Map{{"a", absent}});
  expect_block(root, {"a"}, absent);
  expect_error(root, {"a", "b"}, ErrorCode::kNotFound,
               "resolving /ipfs/" + root.to_string() + "/a: ");
}

TEST_F(ResolveTest, GivesACidOnlyForAWholeBlock) {
  const Cid inner = put(Codec::kDagCbor, Value::Map{{"n", 7}});
  const Cid root = put(Codec::kDagCbor, Value::Map{{"inner", inner}, {"n", 7}});
  EXPECT_EQ(*resolve_to_cid(store_, Path{root, {"inner"}}), inner);
  const auto inside = resolve_to_cid(store_, Path{root, {"n"}});
  ASSERT_FALSE(inside.ok());
  EXPECT_EQ(inside.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(inside.error().message, HasSubstr("expected a whole block"));
}

}  // namespace
}  // namespace timerose::unixfs
