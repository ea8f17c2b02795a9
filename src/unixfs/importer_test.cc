#include "unixfs/importer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"
#include "blockstore/memory_blockstore.h"
#include "unixfs/batch.h"
#include "unixfs/content_testing.h"
#include "unixfs/reader.h"

namespace timerose::unixfs {
namespace {

// Hands out at most `step` bytes at a time, and says what it is told to about its length.
class SlowSource final : public ByteSource {
 public:
  SlowSource(ByteView data, size_t step, std::optional<uint64_t> hint)
      : inner_(data), step_(step), hint_(hint) {}
  Result<size_t> read(std::span<uint8_t> out) override {
    EXPECT_FALSE(ended_) << "read again after the end";
    TR_ASSIGN(const size_t got, inner_.read(out.first(std::min(out.size(), step_))));
    ended_ = got == 0;
    return got;
  }
  std::optional<uint64_t> size_hint() override { return hint_; }

 private:
  SpanSource inner_;
  size_t step_;
  std::optional<uint64_t> hint_;
  bool ended_ = false;
};

TEST(Importer, CidDoesNotDependOnHowTheSourceIsReadNorOnItsHint) {
  for (const size_t size : {0U, 1U, 999U, 1000U, 1001U, 4000U, 12345U}) {
    const Bytes data = random_bytes(size);
    const Cid expected = import_bytes(data, small_layout(), discard()).value().cid;
    for (const std::optional<uint64_t> hint :
         {std::optional<uint64_t>(), std::optional<uint64_t>(0), std::optional<uint64_t>(size / 2),
          std::optional<uint64_t>(size + 5000), std::optional<uint64_t>(UINT64_MAX)}) {
      SlowSource source(data, 77, hint);
      const auto root = import_file(
          source, {.layout = small_layout(), .hash_threads = 1, .progress = {}}, discard());
      EXPECT_EQ(root.value().cid, expected) << size;
    }
  }
}

TEST(Importer, ReadsFilesAndPipes) {
  const Bytes data = random_bytes(5000);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  ASSERT_TRUE(write_all(write_end.get(), data).ok());
  write_end.close();
  FileSource source(read_end.get());
  EXPECT_EQ(source.size_hint(), std::nullopt);
  const auto root =
      import_file(source, {.layout = small_layout(), .hash_threads = 1, .progress = {}}, discard());
  EXPECT_EQ(root.value().cid, import_bytes(data, small_layout(), discard()).value().cid);
}

TEST(Importer, FailedReadIsTheError) {
  const FileDescriptor folder(::open("/", O_RDONLY | O_DIRECTORY));
  FileSource source(folder.get());
  EXPECT_FALSE(import_file(source, {}, discard()).ok());
}

TEST(Importer, FailedSinkIsTheErrorAtAnyNumberOfThreads) {
  const Bytes data = random_bytes(100'000);
  for (const unsigned threads : {1U, 4U}) {
    SpanSource source(data);
    const auto root = import_file(
        source, {.layout = small_layout(), .hash_threads = threads, .progress = {}},
        [](std::span<const Block>) -> Status { return Error{ErrorCode::kNoSpace, "full"}; });
    ASSERT_FALSE(root.ok());
    EXPECT_EQ(root.error().code, ErrorCode::kNoSpace);
  }
}

TEST(Importer, GivesTheSinkChildrenBeforeWhatLinksToThem) {
  std::vector<Cid> order;
  const Bytes data = random_bytes(50'000);
  SpanSource source(data);
  const auto root =
      import_file(source, {.layout = small_layout(), .hash_threads = 3, .progress = {}},
                  [&](std::span<const Block> blocks) {
                    for (const Block& block : blocks) order.push_back(block.cid());
                    return success();
                  });
  EXPECT_EQ(order.back(), root.value().cid);
  EXPECT_EQ(order.size(), 50U + 13U + 4U + 1U);
  EXPECT_EQ(order.front(), Cid::of_sha256(Codec::kRaw, ByteView(data).first(1000)));
}

TEST(Importer, ProgressAddsUpToTheContent) {
  uint64_t bytes = 0;
  const Bytes data = random_bytes(12'345);
  SpanSource source(data);
  const ImportOptions options{.layout = small_layout(),
                              .hash_threads = 2,
                              .progress = [&](uint64_t more) { bytes += more; }};
  ASSERT_TRUE(import_file(source, options, discard()).ok());
  EXPECT_EQ(bytes, data.size());
}

TEST(Importer, RefusesALayoutOutsideItsLimits) {
  Layout layout;
  layout.links_max = 1;
  EXPECT_EQ(import_bytes({}, layout, discard()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(import_symlink("a", layout, discard()).error().code, ErrorCode::kInvalidArgument);
}

TEST(Importer, SymlinkTargetHasALimit) {
  const std::string longest(kSymlinkBytesMax, 'a');
  EXPECT_TRUE(import_symlink(longest, Layout(), discard()).ok());
  EXPECT_FALSE(import_symlink(longest + "a", Layout(), discard()).ok());
  EXPECT_FALSE(import_symlink("", Layout(), discard()).ok());
}

TEST(BlockBatch, GathersAcrossFilesAndFlushesWhatIsLeft) {
  size_t calls = 0;
  size_t blocks = 0;
  BlockBatch batch([&](std::span<const Block> more) {
    ++calls;
    blocks += more.size();
    return success();
  });
  for (size_t i = 0; i < kBatchBlocksMax + 1; ++i) {
    ASSERT_TRUE(import_bytes(random_bytes(i % 50), Layout(), batch.as_sink()).ok());
  }
  EXPECT_EQ(calls, 1U);
  EXPECT_EQ(blocks, kBatchBlocksMax);
  ASSERT_TRUE(batch.flush().ok());
  EXPECT_EQ(blocks, kBatchBlocksMax + 1);
  ASSERT_TRUE(batch.flush().ok());
  EXPECT_EQ(calls, 2U);
}

}  // namespace
}  // namespace timerose::unixfs
