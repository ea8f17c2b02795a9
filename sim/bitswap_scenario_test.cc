#include "sim/bitswap_scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/bitswap_node.h"

namespace timerose::sim {
namespace {

// Enough for every kind of world; `timerose-sim` runs many more.
constexpr uint64_t kSeeds = 24;

TEST(BitswapSimulation, KeepsItsPromisesInEveryWorld) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const BitswapResult result = run_bitswap({.nodes = 60, .seed = seed});
    EXPECT_EQ(result.failure, "") << "timerose-sim bitswap --nodes 60 --seed " << seed;
    EXPECT_GT(result.counts.accepted, 0U) << seed;
  }
}

TEST(BitswapSimulation, WholeNodesKeepTheirPromisesInEveryWorld) {
  uint64_t lent = 0;
  uint64_t trimmed = 0;
  uint64_t dialed_again = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const BitswapResult result = run_bitswap({NodeKind::kWhole, 60, seed});
    EXPECT_EQ(result.failure, "") << "timerose-sim node --nodes 60 --seed " << seed;
    EXPECT_GT(result.counts.accepted, 0U) << seed;
    EXPECT_GT(result.counts.announced, 0U) << seed;
    lent += result.counts.lent;
    trimmed += result.counts.trimmed;
    dialed_again += result.counts.dialed_again;
  }
  EXPECT_GT(lent, 0U);
  EXPECT_GT(trimmed, 0U);
  EXPECT_GT(dialed_again, 0U);
}

TEST(BitswapSimulation, ReplaysAWorldOfWholeNodesFromItsSeed) {
  const BitswapResult first = run_bitswap({NodeKind::kWhole, 40, 3});
  const BitswapResult second = run_bitswap({NodeKind::kWhole, 40, 3});
  EXPECT_EQ(first.fingerprint, second.fingerprint);
}

TEST(BitswapSimulation, ReplaysAWorldFromItsSeed) {
  const BitswapResult first = run_bitswap({.nodes = 40, .seed = 3});
  const BitswapResult second = run_bitswap({.nodes = 40, .seed = 3});
  const BitswapResult other = run_bitswap({.nodes = 40, .seed = 5});
  EXPECT_EQ(first.fingerprint, second.fingerprint);
  EXPECT_NE(first.fingerprint, other.fingerprint);
}

// Two honest nodes, of which the second is said to hold a file.
struct TwoNodes {
  explicit TwoNodes(bool holds) {
    const BitswapNode::Others others{.version = [](NodeNumber) { return bitswap::Version::k120; },
                                     .honest = [](NodeNumber) { return true; }};
    for (int i = 0; i < 2; ++i) {
      const NodeNumber number = world.network.add(10'000'000);
      world.id_of(number);
      nodes.push_back(std::make_unique<BitswapNode>(world, number, bitswap::Version::k120, others));
      world.network.set_participant(number, *nodes.back());
    }
    File& file = world.content.files()[world.content.add_file(20, 10'000)];
    file.anchored = true;
    file.providers = {1};
    if (holds) {
      nodes[1]->put(*world.content.find(file.root));
      for (const Cid& leaf : file.leaves) nodes[1]->put(*world.content.find(leaf));
    }
    nodes[0]->fetch({.file = &file, .want_timeout_ns = 10 * kSecond, .providers = {}});
    while (world.failure().empty() && world.events.run_one()) {
    }
  }
  World world{1};
  std::vector<std::unique_ptr<BitswapNode>> nodes;
};

TEST(BitswapSimulation, FindsAndFetchesAFile) {
  TwoNodes two(true);
  EXPECT_EQ(two.world.failure(), "");
  EXPECT_EQ(two.world.counts.accepted, 21U);
  EXPECT_EQ(two.world.counts.searches, 1U);
}

TEST(BitswapSimulation, SeesABrokenPromise) {
  TwoNodes two(false);
  EXPECT_THAT(two.world.failure(), testing::HasSubstr("gave up a block that a steady node has"));
}

}  // namespace
}  // namespace timerose::sim
