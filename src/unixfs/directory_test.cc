#include "unixfs/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "blockstore/memory_blockstore.h"
#include "ipld/dag_pb.h"
#include "unixfs/importer.h"
#include "unixfs/murmur3.h"
#include "unixfs/node.h"
#include "unixfs/reader.h"

namespace timerose::unixfs {
namespace {

using testing::HasSubstr;

Imported child_of(std::string_view text) {
  return import_bytes(as_bytes(text), Layout(), discard()).value();
}

Layout always_sharded() {
  Layout layout;
  layout.directory_bytes_max = 0;
  return layout;
}

std::vector<std::string> names_in(Blockstore& store, const Cid& cid) {
  std::vector<std::string> names;
  const Status status = for_each_entry(store, cid, [&](const Entry& entry) {
    names.push_back(entry.name);
    return success();
  });
  EXPECT_TRUE(status.ok()) << status.error().message;
  return names;
}

std::string listing_error(Blockstore& store, const Cid& cid) {
  const Status status = for_each_entry(store, cid, [](const Entry&) { return success(); });
  return status.ok()
             ? "ok"
             : std::string(error_code_name(status.error().code)) + ": " + status.error().message;
}

Cid put_shard(Blockstore& store, const std::vector<dag_pb::Link>& links, uint64_t fanout = 256) {
  Node unixfs;
  unixfs.type = Type::kHamtShard;
  unixfs.data = Bytes{1};
  unixfs.hash_type = kMurmur3Code;
  unixfs.fanout = fanout;
  const Block block =
      Block::of_sha256(Codec::kDagPb, dag_pb::encode({.links = links, .data = encode(unixfs)}));
  EXPECT_TRUE(store.put(block).ok());
  return block.cid();
}

dag_pb::Link link_named(std::string name, const Cid& cid) {
  return {.cid = cid, .name = std::move(name), .size = 1};
}

TEST(Directory, CidDoesNotDependOnTheOrderOfAdding) {
  for (const Layout& layout : {Layout(), always_sharded()}) {
    DirectoryBuilder forward(layout);
    DirectoryBuilder backward(layout);
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(forward.add("n" + std::to_string(i), child_of(std::to_string(i))).ok());
      ASSERT_TRUE(
          backward.add("n" + std::to_string(299 - i), child_of(std::to_string(299 - i))).ok());
    }
    const Imported root = forward.finish(discard()).value();
    EXPECT_EQ(root.cid, backward.finish(discard()).value().cid);
    EXPECT_EQ(root.file_bytes, 10U + 90 * 2 + 200 * 3);
  }
}

TEST(Directory, SecondEntryOfANameReplacesTheFirst) {
  DirectoryBuilder builder((Layout()));
  ASSERT_TRUE(builder.add("a", child_of("1")).ok());
  ASSERT_TRUE(builder.add("a", child_of("2")).ok());
  EXPECT_EQ(builder.size(), 1U);
  MemoryBlockstore store;
  const Cid cid = builder.finish(sink_into(store)).value().cid;
  EXPECT_EQ(find_entry(store, cid, "a").value()->cid, child_of("2").cid);
}

TEST(Directory, FindsEveryNameWithEveryByteAndNoOther) {
  for (const Layout& layout : {Layout(), always_sharded()}) {
    MemoryBlockstore store;
    DirectoryBuilder builder(layout);
    std::vector<std::string> names;
    for (int byte = 1; byte < 256; ++byte) {
      if (byte == '/') continue;
      names.push_back("x" + std::string(1, static_cast<char>(byte)));
      ASSERT_TRUE(builder.add(names.back(), child_of(names.back())).ok());
    }
    const Cid cid = builder.finish(sink_into(store)).value().cid;
    EXPECT_EQ(stat(store, cid).value().hamt, layout == always_sharded());
    EXPECT_THAT(names_in(store, cid), testing::UnorderedElementsAreArray(names));
    for (const std::string& name : names) {
      const auto entry = find_entry(store, cid, name).value();
      ASSERT_TRUE(entry);
      EXPECT_EQ(entry->cid, child_of(name).cid);
      EXPECT_EQ(entry->dag_bytes, 2U);
      EXPECT_FALSE(find_entry(store, cid, name + "y").value());
    }
    EXPECT_FALSE(find_entry(store, cid, "").value());
  }
}

TEST(Directory, RefusesNamesThatAreNotAllowed) {
  DirectoryBuilder builder((Layout()));
  const Imported child = child_of("");
  EXPECT_FALSE(builder.add("", child).ok());
  EXPECT_FALSE(builder.add(".", child).ok());
  EXPECT_FALSE(builder.add("..", child).ok());
  EXPECT_FALSE(builder.add("a/b", child).ok());
  EXPECT_FALSE(builder.add(std::string_view("a\0b", 3), child).ok());
  EXPECT_FALSE(builder.add(std::string(kNameBytesMax + 1, 'a'), child).ok());
  EXPECT_TRUE(builder.add(std::string(kNameBytesMax, 'a'), child).ok());
  EXPECT_TRUE(builder.add("...", child).ok());
}

// Which blocks are asked for, to see that a search touches only those on its way.
class LoggingStore final : public Blockstore {
 public:
  Result<SharedBytes> get(const Cid& cid) override {
    ++gets;
    return blocks_.get(cid);
  }
  Result<bool> has(const Cid& cid) override { return blocks_.has(cid); }
  Result<uint64_t> size(const Cid& cid) override { return blocks_.size(cid); }
  Status put(std::span<const Block> blocks) override { return blocks_.put(blocks); }
  Status flush() override { return success(); }
  Status remove(const Cid& cid) override { return blocks_.remove(cid); }
  Status for_each(const std::function<Status(ByteView, uint64_t)>& visit) override {
    return blocks_.for_each(visit);
  }
  size_t gets = 0;

 private:
  MemoryBlockstore blocks_;
};

TEST(Directory, SearchInAShardedOneTouchesOnlyItsPath) {
  LoggingStore store;
  DirectoryBuilder builder(always_sharded());
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(builder.add("entry " + std::to_string(i), child_of("x")).ok());
  }
  const Cid cid = builder.finish(sink_into(store)).value().cid;
  for (int i = 0; i < 5000; i += 500) {
    store.gets = 0;
    ASSERT_TRUE(find_entry(store, cid, "entry " + std::to_string(i)).value());
    EXPECT_LE(store.gets, 3U);
  }
  EXPECT_EQ(names_in(store, cid).size(), 5000U);
}

TEST(Directory, ListingEndsWithTheErrorOfItsVisitor) {
  MemoryBlockstore store;
  DirectoryBuilder builder(always_sharded());
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(builder.add(std::to_string(i), child_of("x")).ok());
  }
  const Cid cid = builder.finish(sink_into(store)).value().cid;
  int seen = 0;
  const Status status = for_each_entry(store, cid, [&](const Entry&) -> Status {
    if (++seen == 7) return Error{ErrorCode::kCancelled, "enough"};
    return success();
  });
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(seen, 7);
}

TEST(Directory, RefusesWhatIsNoDirectory) {
  MemoryBlockstore store;
  const Cid raw = import_bytes(as_bytes("x"), Layout(), sink_into(store)).value().cid;
  const Cid file = import_bytes(as_bytes("x"), fan_2021(), sink_into(store)).value().cid;
  for (const Cid& cid : {raw, file, Cid::of_sha256(Codec::kDagCbor, {})}) {
    EXPECT_THAT(listing_error(store, cid), HasSubstr("invalid_argument"));
    EXPECT_EQ(find_entry(store, cid, "a").error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_THAT(listing_error(store, file), HasSubstr("is a file, expected a directory"));
}

TEST(Directory, RefusesEntriesWithNamesThatAreNotAllowed) {
  MemoryBlockstore store;
  Node unixfs;
  unixfs.type = Type::kDirectory;
  for (const char* name : {"", "..", "a/b"}) {
    const Block block = Block::of_sha256(
        Codec::kDagPb,
        dag_pb::encode({.links = {link_named(name, child_of("x").cid)}, .data = encode(unixfs)}));
    ASSERT_TRUE(store.put(block).ok());
    EXPECT_THAT(listing_error(store, block.cid()), HasSubstr("malformed"));
  }
}

TEST(Hamt, MalformedShardsAreRefused) {
  MemoryBlockstore store;
  const Cid leaf = child_of("x").cid;
  EXPECT_THAT(listing_error(store, put_shard(store, {}, 255)), HasSubstr("255 wide"));
  EXPECT_THAT(listing_error(store, put_shard(store, {link_named("Z", leaf)})), HasSubstr("slot"));
  EXPECT_THAT(listing_error(store, put_shard(store, {link_named("zza", leaf)})), HasSubstr("slot"));
  const Cid empty = put_shard(store, {});
  EXPECT_EQ(listing_error(store, empty), "ok");
  EXPECT_THAT(listing_error(store, put_shard(store, {link_named("00", empty)})),
              HasSubstr("empty shard"));
  const Cid narrow = put_shard(store, {}, 8);
  EXPECT_THAT(listing_error(store, put_shard(store, {link_named("00", narrow)})),
              HasSubstr("another width"));
  EXPECT_THAT(listing_error(store, put_shard(store, {link_named("00", leaf)})),
              HasSubstr("malformed"));
}

// One shard linked from every slot of another, and so on, would list 256^8 entries.
TEST(Hamt, NameInASlotThatIsNotItsOwnIsRefused) {
  MemoryBlockstore store;
  Cid cid = put_shard(store, {link_named("00name", child_of("x").cid)});
  for (int level = 0; level < 7; ++level) {
    std::vector<dag_pb::Link> links;
    for (const char* slot : {"00", "01", "02"}) links.push_back(link_named(slot, cid));
    cid = put_shard(store, links);
  }
  EXPECT_THAT(listing_error(store, cid), HasSubstr("another slot"));
}

TEST(Hamt, DepthIsThatOfTheHash) {
  MemoryBlockstore store;
  Cid cid = put_shard(store, {link_named("00", child_of("x").cid)});
  for (int level = 0; level < 20; ++level) cid = put_shard(store, {link_named("00", cid)});
  EXPECT_THAT(listing_error(store, cid), HasSubstr("deeper"));
  // A name whose hash starts with zeros would be looked for all the way down.
  const auto found = find_entry(store, cid, "name");
  EXPECT_TRUE(found.ok() && !*found);
}

}  // namespace
}  // namespace timerose::unixfs
