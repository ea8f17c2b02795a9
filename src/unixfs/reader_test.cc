#include "unixfs/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/random.h"
#include "blockstore/memory_blockstore.h"
#include "ipld/dag_pb.h"
#include "unixfs/content_testing.h"
#include "unixfs/file_cursor.h"
#include "unixfs/importer.h"

namespace timerose::unixfs {
namespace {

using testing::HasSubstr;

// A memory store that counts what is asked of it.
class CountingStore final : public Blockstore {
 public:
  Result<SharedBytes> get(const Cid& cid) override {
    ++gets;
    return blocks_.get(cid);
  }
  Result<bool> has(const Cid& cid) override { return blocks_.has(cid); }
  Result<uint64_t> size(const Cid& cid) override { return blocks_.size(cid); }
  using Blockstore::put;
  Status put(std::span<const Block> blocks) override { return blocks_.put(blocks); }
  Status flush() override { return success(); }
  Status remove(const Cid& cid) override { return blocks_.remove(cid); }
  Status for_each(const std::function<Status(ByteView, uint64_t)>& visit) override {
    return blocks_.for_each(visit);
  }

  std::atomic<size_t> gets = 0;

 private:
  MemoryBlockstore blocks_;
};

Cid put_node(Blockstore& store, const Node& unixfs, const std::vector<Cid>& links) {
  dag_pb::Node node;
  for (const Cid& cid : links) node.links.push_back({.cid = cid, .name = "", .size = 1});
  node.data = encode(unixfs);
  const Block block = Block::of_sha256(Codec::kDagPb, dag_pb::encode(node));
  EXPECT_TRUE(store.put(block).ok());
  return block.cid();
}

Cid put_raw(Blockstore& store, std::string_view text) {
  const Block block = Block::of_sha256(Codec::kRaw, to_bytes(as_bytes(text)));
  EXPECT_TRUE(store.put(block).ok());
  return block.cid();
}

Node file_node(std::optional<uint64_t> size, std::vector<uint64_t> sizes,
               std::string_view data = "") {
  Node node;
  node.file_size = size;
  node.block_sizes = std::move(sizes);
  if (!data.empty()) node.data = to_bytes(as_bytes(data));
  return node;
}

std::string read_all(Blockstore& store, const Cid& cid, unsigned threads = 1) {
  std::string text;
  const Status status = stream_file(store, cid, {}, threads, [&](ByteView bytes) {
    text += as_text(bytes);
    return success();
  });
  return status.ok()
             ? text
             : std::string(error_code_name(status.error().code)) + ": " + status.error().message;
}

TEST(FileReader, ReadsAnyRange) {
  const Bytes data = random_bytes(70'123);
  for (const bool raw_leaves : {true, false}) {
    MemoryBlockstore store;
    const Cid cid = import_bytes(data, small_layout(raw_leaves), sink_into(store)).value().cid;
    FileReader reader = FileReader::open(store, cid).value();
    EXPECT_EQ(reader.size(), data.size());
    SeededRandom random(1);
    for (int i = 0; i < 500; ++i) {
      const uint64_t offset = random.next() % (data.size() + 2000);
      Bytes out(random.next() % 5000);
      const size_t got = reader.read_at(offset, out).value();
      const size_t expected =
          offset >= data.size() ? 0 : std::min<size_t>(out.size(), data.size() - offset);
      ASSERT_EQ(got, expected);
      if (got == 0) continue;
      ASSERT_TRUE(equal(ByteView(out).first(got), ByteView(data).subspan(offset, got)));
    }
  }
}

TEST(FileReader, SequentialReadsFetchEachBlockOnce) {
  CountingStore store;
  const Bytes data = random_bytes(50'000);  // 50 leaves, 13 + 4 + 1 nodes
  const Cid cid = import_bytes(data, small_layout(), sink_into(store)).value().cid;
  FileReader reader = FileReader::open(store, cid).value();
  EXPECT_EQ(store.gets, 1U);
  Bytes out(333);
  for (uint64_t offset = 0; offset < data.size(); offset += out.size()) {
    ASSERT_TRUE(reader.read_at(offset, out).ok());
  }
  EXPECT_EQ(store.gets, 68U);
}

TEST(FileReader, ReadsOnlyThePathToARange) {
  CountingStore store;
  const Cid cid = import_bytes(random_bytes(50'000), small_layout(), sink_into(store)).value().cid;
  FileReader reader = FileReader::open(store, cid).value();
  Bytes out(10);
  ASSERT_TRUE(reader.read_at(30'005, out).ok());
  EXPECT_EQ(store.gets, 4U);  // the root, two nodes, a leaf
}

TEST(StreamFile, GivesARangeInOrderAtAnyNumberOfThreads) {
  const Bytes data = random_bytes(70'123);
  for (const bool raw_leaves : {true, false}) {
    CountingStore store;
    const Cid cid = import_bytes(data, small_layout(raw_leaves), sink_into(store)).value().cid;
    for (const unsigned threads : {1U, 2U, 8U}) {
      for (const Range range : {Range{}, Range{12'345, 20'000}, Range{70'122, 5}, Range{70'123, 1},
                                Range{UINT64_MAX, UINT64_MAX}, Range{5, 0}}) {
        Bytes out;
        store.gets = 0;
        ASSERT_TRUE(stream_file(store, cid, range, threads, [&](ByteView bytes) {
                      out.insert(out.end(), bytes.begin(), bytes.end());
                      return success();
                    }).ok());
        const uint64_t begin = std::min<uint64_t>(range.offset, data.size());
        const uint64_t length = std::min<uint64_t>(range.length, data.size() - begin);
        ASSERT_TRUE(equal(out, ByteView(data).subspan(begin, length)));
        EXPECT_LE(store.gets, length / 1000 + 2 + 2 * (length / 4000 + 5));
      }
    }
  }
}

TEST(StreamFile, StopsWithTheErrorOfWhoTakes) {
  MemoryBlockstore store;
  const Cid cid = import_bytes(random_bytes(50'000), small_layout(), sink_into(store)).value().cid;
  for (const unsigned threads : {1U, 4U}) {
    int calls = 0;
    const Status status = stream_file(store, cid, {}, threads, [&](ByteView) -> Status {
      if (++calls == 3) return Error{ErrorCode::kCancelled, "enough"};
      return success();
    });
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
    EXPECT_EQ(calls, 3);
  }
}

TEST(StreamFile, MissingBlockDeepInTheDagIsNotFoundAfterWhatCameBefore) {
  const Bytes data = random_bytes(50'000);
  MemoryBlockstore store;
  const Cid cid = import_bytes(data, small_layout(), sink_into(store)).value().cid;
  ASSERT_TRUE(store.remove(Cid::of_sha256(Codec::kRaw, ByteView(data).subspan(30'000, 1000))).ok());
  for (const unsigned threads : {1U, 4U}) {
    uint64_t bytes = 0;
    const Status status = stream_file(store, cid, {}, threads, [&](ByteView view) {
      bytes += view.size();
      return success();
    });
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(bytes, 30'000U);
  }
}

TEST(StreamFile, ReadsNodesThatHoldBothDataAndLinks) {
  MemoryBlockstore store;
  const Cid below = put_node(store, file_node(5, {2}, "def"), {put_raw(store, "gh")});
  const Cid root = put_node(store, file_node(11, {5, 0, 3}, "abc"),
                            {below, put_raw(store, ""), put_raw(store, "ijk")});
  EXPECT_EQ(read_all(store, root), "abcdefghijk");
  EXPECT_EQ(read_all(store, root, 4), "abcdefghijk");
  FileReader reader = FileReader::open(store, root).value();
  uint8_t byte = 0;
  for (const char expected : {'k', 'a', 'g', 'd', 'h', 'c', 'i'}) {
    ASSERT_TRUE(reader.read_at(static_cast<uint64_t>(expected - 'a'), {&byte, 1}).ok());
    EXPECT_EQ(byte, expected);
  }
}

TEST(StreamFile, SameBlockManyTimesIsReadAsOften) {
  MemoryBlockstore store;
  const Cid part = put_raw(store, "abc");
  const Cid root = put_node(store, file_node(9, {3, 3, 3}), {part, part, part});
  EXPECT_EQ(read_all(store, root), "abcabcabc");
  EXPECT_EQ(read_all(store, root, 2), "abcabcabc");
}

TEST(StreamFile, FileSizeMayBeAbsent) {
  MemoryBlockstore store;
  const Cid root = put_node(store, file_node(std::nullopt, {3}, "x"), {put_raw(store, "abc")});
  EXPECT_EQ(read_all(store, root), "xabc");
}

TEST(StreamFile, SizesThatContradictEachOtherAreMalformed) {
  MemoryBlockstore store;
  const Cid abc = put_raw(store, "abc");
  const auto outcome = [&](const Node& node, const std::vector<Cid>& links) {
    return read_all(store, put_node(store, node, links));
  };
  EXPECT_THAT(outcome(file_node(3, {}), {abc}), HasSubstr("malformed: "));
  EXPECT_THAT(outcome(file_node(3, {}), {abc}), HasSubstr("add up to 0"));
  EXPECT_THAT(outcome(file_node(std::nullopt, {}), {abc}), HasSubstr("1 links but 0 block sizes"));
  EXPECT_THAT(outcome(file_node(3, {3}), {}), HasSubstr("0 links but 1 block sizes"));
  EXPECT_THAT(outcome(file_node(4, {3}), {abc}), HasSubstr("states a size of 4"));
  EXPECT_THAT(outcome(file_node(4, {4}), {abc}), HasSubstr("holds 3 bytes"));
  EXPECT_THAT(outcome(file_node(std::nullopt, {UINT64_MAX, 1}), {abc, abc}),
              HasSubstr("more than 64 bits"));
}

TEST(StreamFile, LinkToWhatIsNoFileIsMalformed) {
  MemoryBlockstore store;
  Node directory;
  directory.type = Type::kDirectory;
  const Cid folder = put_node(store, directory, {});
  const Block cbor = Block::of_sha256(Codec::kDagCbor, Bytes{0xf6});
  ASSERT_TRUE(store.put(cbor).ok());
  EXPECT_THAT(read_all(store, put_node(store, file_node(3, {3}), {folder})),
              HasSubstr("malformed: part 0 of a file"));
  EXPECT_THAT(read_all(store, put_node(store, file_node(3, {3}), {cbor.cid()})),
              HasSubstr("malformed: part 0 of a file"));
}

TEST(StreamFile, DepthHasALimit) {
  MemoryBlockstore store;
  Cid cid = put_raw(store, "x");
  for (size_t depth = 1; depth < kFileDepthMax; ++depth) {
    cid = put_node(store, file_node(1, {1}), {cid});
  }
  EXPECT_EQ(read_all(store, cid), "x");
  cid = put_node(store, file_node(1, {1}), {cid});
  EXPECT_THAT(read_all(store, cid), HasSubstr("limit_exceeded"));
  for (int i = 0; i < 100'000; ++i) cid = put_node(store, file_node(1, {1}), {cid});
  EXPECT_THAT(read_all(store, cid), HasSubstr("limit_exceeded"));
}

TEST(FileReader, RefusesWhatIsNoFile) {
  MemoryBlockstore store;
  const auto message = [&](const Cid& cid) {
    const auto reader = FileReader::open(store, cid);
    return reader.ok()
               ? "ok"
               : std::string(error_code_name(reader.error().code)) + ": " + reader.error().message;
  };
  Node directory;
  directory.type = Type::kDirectory;
  EXPECT_THAT(message(put_node(store, directory, {})),
              testing::AllOf(HasSubstr("invalid_argument"), HasSubstr("is a directory")));
  const Cid symlink = import_symlink("x", Layout(), sink_into(store)).value().cid;
  EXPECT_THAT(message(symlink), HasSubstr("is a symlink, expected a file"));
  EXPECT_THAT(message(Cid::of_sha256(Codec::kDagCbor, Bytes{0xf6})),
              testing::AllOf(HasSubstr("invalid_argument"), HasSubstr("is dag-cbor")));
  const Block bare = Block::of_sha256(Codec::kDagPb, Bytes());
  ASSERT_TRUE(store.put(bare).ok());
  EXPECT_THAT(message(bare.cid()), HasSubstr("malformed"));
}

TEST(ReadFile, RefusesMoreThanItsLimit) {
  MemoryBlockstore store;
  const Bytes data = random_bytes(5000);
  const Cid cid = import_bytes(data, small_layout(), sink_into(store)).value().cid;
  EXPECT_EQ(read_file(store, cid, 5000).value(), data);
  EXPECT_EQ(read_file(store, cid, 4999).error().code, ErrorCode::kLimitExceeded);
}

TEST(ReadFile, StatedSizeAloneTakesNoMemory) {
  MemoryBlockstore store;
  const Cid root =
      put_node(store, file_node(uint64_t{1} << 60, {uint64_t{1} << 60}), {put_raw(store, "abc")});
  EXPECT_EQ(read_file(store, root, UINT64_MAX).error().code, ErrorCode::kMalformed);
}

TEST(Stat, SaysWhatACidIs) {
  MemoryBlockstore store;
  Node directory;
  directory.type = Type::kDirectory;
  directory.mode = 0755;
  directory.mtime = Mtime{12, 0};
  const Stat of_directory = stat(store, put_node(store, directory, {})).value();
  EXPECT_EQ(of_directory.kind, Kind::kDirectory);
  EXPECT_EQ(of_directory.mode, 0755U);
  EXPECT_EQ(of_directory.mtime, (Mtime{12, 0}));
  EXPECT_FALSE(of_directory.hamt);

  const Cid file = import_bytes(random_bytes(5000), small_layout(), sink_into(store)).value().cid;
  EXPECT_EQ(stat(store, file).value().size, 5000U);
  EXPECT_EQ(stat(store, put_raw(store, "abc")).value().size, 3U);

  const Cid link = import_symlink("../x", Layout(), sink_into(store)).value().cid;
  EXPECT_EQ(stat(store, link).value().kind, Kind::kSymlink);
  EXPECT_EQ(stat(store, link).value().size, 4U);
  EXPECT_EQ(read_symlink(store, link).value(), "../x");
  EXPECT_EQ(read_symlink(store, file).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(stat(store, Cid::of_sha256(Codec::kDagCbor, {})).error().code,
            ErrorCode::kInvalidArgument);
  Node metadata;
  metadata.type = Type::kMetadata;
  EXPECT_EQ(stat(store, put_node(store, metadata, {})).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace timerose::unixfs
