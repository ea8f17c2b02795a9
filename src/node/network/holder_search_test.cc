#include "node/network/holder_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "base/random.h"
#include "base/thread_pool.h"
#include "blockstore/memory_blockstore.h"
#include "mesh/memory_network.h"

namespace timerose::node {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Two nodes on one loop, connected; the first asks.
class HolderSearchTest : public ::testing::Test {
 protected:
  struct Node {
    Node(HolderSearchTest& test, uint8_t number)
        : random(number),
          host(test.network_.add_host(peer(number), mesh::MemoryNetwork::Driven::kByDescriptor)),
          exchange({test.loop_, *host, store, random, test.pool_}, {}),
          queries(*host) {
      EXPECT_TRUE(host->listen("/memory/0").ok());
      watch = test.loop_.watch(host->event_descriptor(), [this] {
        std::vector<mesh::Event> events;
        host->take_events(events, SIZE_MAX);
        for (const mesh::Event& event : events) {
          if (!exchange.on_event(event)) queries.on_event(event);
        }
      });
    }
    MemoryBlockstore store;
    SeededRandom random;
    std::unique_ptr<mesh::Host> host;
    exchange::Service exchange;
    Queries queries;
    std::unique_ptr<EventLoop::Watch> watch;
  };

  static PeerId peer(uint8_t number) {
    return PeerId::of(PrivateKey::from_seed({number}).public_key());
  }

  HolderSearchTest() {
    EXPECT_TRUE(asker_.host->connect({peer(2), {}}).ok());
    settle();
    mesh::Identified identified;
    identified.peer = peer(2);
    identified.protocols = {std::string(bitswap::kProtocol120)};
    asker_.exchange.on_event(identified);
  }
  // What has happened so far is taken.
  void settle() {
    for (int turn = 0; turn < 20; ++turn) {
      pool_.wait_idle();
      loop_.post([this] { loop_.stop(); });
      loop_.run();
    }
  }

  std::vector<PeerId> find(uint64_t within_ms, const std::vector<PeerId>& peers = {peer(2)}) {
    std::optional<std::vector<PeerId>> found;
    HolderSearch::start(
        {loop_, *asker_.host, asker_.exchange, asker_.queries,
         [this](const mesh::PeerAddresses& provider) { told_.push_back(provider.peer); }},
        block_.cid(), peers, within_ms, [&](const std::vector<PeerId>& holders) {
          EXPECT_FALSE(found) << "told twice";
          found = holders;
          loop_.stop();
        });
    EXPECT_FALSE(found) << "told at once";
    loop_.run();
    settle();
    return found.value_or(std::vector<PeerId>());
  }

  static constexpr uint64_t kLong_ms = 60'000;
  const Block block_ = Block::of_sha256(Codec::kRaw, Bytes(100'000, 1));
  SystemClock clock_;
  EventLoop loop_{clock_};
  ThreadPool pool_{2};
  mesh::MemoryNetwork network_;
  Node asker_{*this, 1};
  Node other_{*this, 2};
  std::vector<PeerId> told_;
};

TEST_F(HolderSearchTest, AConnectedPeersWordIsEnough) {
  ASSERT_TRUE(other_.store.put(block_).ok());
  network_.silence_routing(true);
  EXPECT_THAT(find(kLong_ms), ElementsAre(peer(2)));
}

TEST_F(HolderSearchTest, WhereNoConnectedPeerHasItTheRoutingIsHeard) {
  network_.add_provider(block_.cid().multihash_bytes(), peer(3));
  EXPECT_THAT(find(kLong_ms), ElementsAre(peer(3)));
  EXPECT_THAT(told_, Contains(peer(3))) << "with its addresses";
}

TEST_F(HolderSearchTest, EndsOnceNobodyIsLeftWhoMightSay) {
  EXPECT_THAT(find(kLong_ms), IsEmpty());
}

TEST_F(HolderSearchTest, IsNotWaitedForLongerThanAllowed) {
  network_.silence_routing(true);
  EXPECT_THAT(find(20), IsEmpty());
  EXPECT_THAT(find(20, {}), IsEmpty());
}

}  // namespace
}  // namespace timerose::node
