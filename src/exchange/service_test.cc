#include "exchange/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/network_blockstore.h"
#include "exchange/testing.h"
#include "unixfs/directory.h"
#include "unixfs/importer.h"
#include "unixfs/reader.h"

namespace timerose::exchange {
namespace {

using testing_support::block_number;
using testing_support::peer_number;
using testing_support::TestNode;

class ServiceTest : public ::testing::Test {
 protected:
  TestNode& add_node(ServiceOptions options = {}) {
    nodes_.push_back(std::make_unique<TestNode>(network_, nodes_.size(), options));
    return *nodes_.back();
  }
  // A file of many blocks.
  static Cid add_file(Blockstore& store, size_t bytes, size_t chunk_bytes) {
    Bytes content(bytes);
    SeededRandom(7).fill(content);
    unixfs::Layout layout;
    layout.chunk_bytes = chunk_bytes;
    return unixfs::import_bytes(content, layout, unixfs::sink_into(store))->cid;
  }

  mesh::MemoryNetwork network_;
  std::vector<std::unique_ptr<TestNode>> nodes_;
};

TEST_F(ServiceTest, FetchesABlockFromAConnectedPeer) {
  TestNode& holder = add_node();
  TestNode& asker = add_node();
  const Block block = block_number(1);
  ASSERT_TRUE(holder.store.put(block).ok());
  asker.connect(holder);

  const auto fetched = asker.service().fetch_block(block.cid(), {});
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_TRUE(equal(fetched->view(), block.data().view()));
  EXPECT_TRUE(*asker.store.has(block.cid()));
  EXPECT_EQ(asker.service().stat().blocks_received, 1U);
  EXPECT_EQ(holder.service().stat().blocks_sent, 1U);
}

TEST_F(ServiceTest, FetchesADagOfTenThousandBlocks) {
  TestNode& holder = add_node();
  TestNode& asker = add_node();
  const Cid root = add_file(holder.store, 10'000 * 512, 512);
  asker.connect(holder);

  FetchProgress last;
  DagFetchOptions options;
  options.on_progress = [&last](const FetchProgress& progress) { last = progress; };
  const Status fetched = asker.service().fetch_dag(root, options);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_GT(last.blocks, 10'000U);
  EXPECT_EQ(last.blocks, last.blocks_known);
  EXPECT_EQ(asker.service().stat().duplicate_blocks, 0U);
}

}  // namespace
}  // namespace timerose::exchange
