#include "wasm/abi/output_file.h"

#include <gtest/gtest.h>

#include "blockstore/memory_blockstore.h"
#include "unixfs/reader.h"

namespace timerose::wasm::abi {
namespace {

Bytes pattern(size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + i / 251);
  return bytes;
}

TEST(OutputFile, HasTheCidOfTheSameBytesImportedWhole) {
  unixfs::Layout small = unixfs::unixfs_v1_2025();
  small.chunk_bytes = 64;
  small.links_max = 3;
  unixfs::Layout wrapped = unixfs::fan_2021();
  wrapped.chunk_bytes = 64;
  wrapped.links_max = 3;
  for (const unixfs::Layout& layout : {small, wrapped}) {
    for (const size_t size : {0, 1, 63, 64, 65, 128, 129, 64 * 3, 64 * 3 + 1, 64 * 27, 2000}) {
      for (const size_t piece : {1, 50, 64, 1000}) {
        MemoryBlockstore store;
        const unixfs::BlockSink sink = unixfs::sink_into(store);
        const Bytes bytes = pattern(size);
        OutputFile file(layout, sink);
        for (size_t at = 0; at < size; at += piece) {
          ASSERT_TRUE(file.write(ByteView(bytes).subspan(at, std::min(piece, size - at))).ok());
        }
        const auto written = file.finish();
        const auto whole = unixfs::import_bytes(bytes, layout, unixfs::discard());
        ASSERT_TRUE(written.ok() && whole.ok());
        EXPECT_EQ(written->cid, whole->cid) << size << " by " << piece;
        EXPECT_EQ(written->dag_bytes, whole->dag_bytes);
        EXPECT_EQ(written->file_bytes, size);
        EXPECT_EQ(unixfs::read_file(store, written->cid, size).value(), bytes);
      }
    }
  }
}

TEST(OutputFile, PassesOnAnErrorOfTheSink) {
  unixfs::Layout layout = unixfs::unixfs_v1_2025();
  layout.chunk_bytes = 64;
  const unixfs::BlockSink full = [](std::span<const Block>) -> Status {
    return Error{ErrorCode::kNoSpace, "full"};
  };
  OutputFile file(layout, full);
  const Status status = file.write(pattern(65));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace timerose::wasm::abi
