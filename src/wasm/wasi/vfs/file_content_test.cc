#include "wasm/wasi/vfs/file_content.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "blockstore/memory_blockstore.h"
#include "unixfs/importer.h"

namespace timerose::wasi::vfs {
namespace {

constexpr uint64_t kPage = FileContent::kPageBytes;

Cid add(MemoryBlockstore& store, const Bytes& bytes) {
  auto layout = unixfs::unixfs_v1_2025();
  layout.chunk_bytes = 10'000;
  return unixfs::import_bytes(bytes, layout, unixfs::sink_into(store)).value().cid;
}

Bytes read_all(FileContent& content) {
  Bytes out(content.size().value() + 10);
  out.resize(content.read_at(0, out).value());
  return out;
}

TEST(FileContent, ChargesWhatIsWrittenBeyondTheBaseAndWhatIsCopiedOfIt) {
  MemoryBlockstore store;
  wasm::HeldOutput held;
  Backing backing(store, 1'000'000, 10, held);
  {
    FileContent content(backing, add(store, Bytes(kPage + 100, 'b')), kPage + 100);
    EXPECT_NE(content.untouched(), nullptr);
    EXPECT_EQ(content.write_at(kPage + 5, Bytes(1, 'x')).value(), 1U);
    EXPECT_EQ(backing.space.bytes_left(), 1'000'000 - 100);
    EXPECT_EQ(content.write_at(kPage + 99, Bytes(11, 'x')).value(), 11U);
    EXPECT_EQ(backing.space.bytes_left(), 1'000'000 - 110);
    EXPECT_EQ(content.untouched(), nullptr);
    content.resize(kPage).value();
    EXPECT_EQ(backing.space.bytes_left(), 1'000'000);
    content.resize(kPage * 3).value();
    EXPECT_EQ(backing.space.bytes_left(), 1'000'000 - 2 * kPage);
  }
  EXPECT_EQ(backing.space.bytes_left(), 1'000'000);
}

TEST(FileContent, WritesUpToTheLastByteOfSpace) {
  MemoryBlockstore store;
  wasm::HeldOutput held;
  Backing backing(store, kPage + 10, 10, held);
  FileContent content(backing);
  EXPECT_EQ(content.write_at(0, Bytes(kPage * 2, 'x')).value(), kPage + 10);
  EXPECT_EQ(content.size().value(), kPage + 10);
  EXPECT_EQ(content.write_at(3, Bytes(3, 'y')).value(), 3U);  // over what is there: free
  auto full = content.write_at(kPage + 10, Bytes(1, 'x'));
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(std::get<Errno>(full.failure()), Errno::kNospc);
}

TEST(FileContent, IsWhatAPlainArrayWouldBeAfterAnyChanges) {
  MemoryBlockstore store;
  SeededRandom random(7);
  for (int round = 0; round < 20; ++round) {
    Bytes plain(random.next() % (3 * kPage));
    random.fill(plain);
    wasm::HeldOutput held;
    Backing backing(store, UINT64_MAX, 10, held);
    FileContent content(backing, add(store, plain), std::nullopt);
    for (int step = 0; step < 60; ++step) {
      const uint64_t offset = random.next() % (4 * kPage);
      if (random.next() % 4 == 0) {
        plain.resize(offset);
        content.resize(offset).value();
      } else {
        Bytes piece(1 + random.next() % (random.next() % 2 == 0 ? 2 * kPage : 50));
        random.fill(piece);
        if (plain.size() < offset + piece.size()) plain.resize(offset + piece.size());
        std::copy(piece.begin(), piece.end(), plain.begin() + static_cast<ptrdiff_t>(offset));
        ASSERT_EQ(content.write_at(offset, piece).value(), piece.size());
      }
    }
    ASSERT_EQ(read_all(content), plain) << "round " << round;
    content.resize(0).value();
    EXPECT_EQ(backing.space.bytes_left(), UINT64_MAX);
  }
}

TEST(FileContent, OfADagThatPromisesMoreThanItHoldsIsAnError) {
  MemoryBlockstore store;
  wasm::HeldOutput held;
  Backing backing(store, 1000, 10, held);
  FileContent content(backing, add(store, Bytes(10, 'x')), 20);
  Bytes out(20);
  auto read = content.read_at(0, out);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(std::get<Errno>(read.failure()), Errno::kIo);
}

}  // namespace
}  // namespace timerose::wasi::vfs
