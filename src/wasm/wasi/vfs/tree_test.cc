#include "wasm/wasi/vfs/tree.h"

#include <gtest/gtest.h>

#include "blockstore/memory_blockstore.h"
#include "unixfs/directory.h"
#include "unixfs/importer.h"

namespace timerose::wasi::vfs {
namespace {

// A store that counts what is asked of it.
class CountingStore final : public Blockstore {
 public:
  Result<SharedBytes> get(const Cid& cid) override {
    ++gets;
    return below.get(cid);
  }
  Result<bool> has(const Cid& cid) override { return below.has(cid); }
  Result<uint64_t> size(const Cid& cid) override { return below.size(cid); }
  Status put(std::span<const Block> blocks) override { return below.put(blocks); }
  Status flush() override { return below.flush(); }
  Status remove(const Cid& cid) override { return below.remove(cid); }
  Status for_each(const std::function<Status(ByteView, uint64_t)>& visit) override {
    return below.for_each(visit);
  }
  MemoryBlockstore below;
  int gets = 0;
};

TEST(Tree, LooksUpOneOfManyThousandsInASmallNumberOfBlocks) {
  CountingStore store;
  const auto sink = unixfs::sink_into(store);
  const auto layout = unixfs::unixfs_v1_2025();
  const auto file = unixfs::import_bytes(as_bytes("x"), layout, sink).value();
  unixfs::DirectoryBuilder builder(layout);
  for (int i = 0; i < 30'000; ++i) {
    ASSERT_TRUE(builder.add("entry" + std::to_string(i), file).ok());
  }
  World world;
  world.mounts.emplace("/m", builder.finish(sink).value().cid);
  VirtualClocks clocks;
  wasm::HeldOutput held;
  Tree tree(world, Limits{}, store, clocks, held, Tree::Keep());
  EXPECT_EQ(store.gets, 0);
  const NodePtr mount = tree.find(tree.root(), "m").value();
  EXPECT_NE(tree.find(mount, "entry17").value(), nullptr);
  EXPECT_EQ(tree.find(mount, "entry30000").value(), nullptr);
  EXPECT_LE(store.gets, 8);
}

TEST(Tree, ForgetsWhatWasOnlySeenButNotWhatIsHeldOrChanged) {
  MemoryBlockstore store;
  const auto sink = unixfs::sink_into(store);
  auto layout = unixfs::unixfs_v1_2025();
  const auto file = unixfs::import_bytes(as_bytes("x"), layout, sink).value();
  unixfs::DirectoryBuilder inner(layout);
  ASSERT_TRUE(inner.add("f", file).ok());
  const auto directory = inner.finish(sink).value();
  unixfs::DirectoryBuilder builder(layout);
  const int count = 500;
  for (int i = 0; i < count; ++i) ASSERT_TRUE(builder.add(std::to_string(i), directory).ok());
  World world;
  world.mounts.emplace("/m", builder.finish(sink).value().cid);
  VirtualClocks clocks;
  wasm::HeldOutput held;
  Tree tree(world, Limits{}, store, clocks, held, {.nodes = 200});
  const NodePtr mount = tree.find(tree.root(), "m").value();
  const auto open = [&](int i) { return tree.find(mount, std::to_string(i)).value(); };

  const NodePtr first = open(0);
  ASSERT_TRUE(tree.make_file(open(1), "made").ok());
  const uint64_t inode = tree.find(open(2), "f").value()->inode;
  for (int i = 0; i < count; ++i) ASSERT_NE(tree.find(open(i), "f").value(), nullptr);

  EXPECT_LT(mount->directory->children.size(), 100U);
  EXPECT_EQ(open(0), first);
  EXPECT_NE(tree.find(open(1), "made").value(), nullptr);
  EXPECT_EQ(tree.find(open(2), "f").value()->inode, inode);
}

}  // namespace
}  // namespace timerose::wasi::vfs
