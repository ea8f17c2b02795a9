#include "sim/gossip_mesh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace timerose::sim {
namespace {

TEST(GossipMesh, SettlesBetweenItsLimits) {
  Dice dice(3);
  const GossipSettings settings;
  GossipMesh mesh(500, 15, settings, dice);
  for (int i = 0; i < 60; ++i) mesh.heartbeat();
  size_t few = 0;
  for (uint32_t node = 0; node < 500; ++node) {
    EXPECT_LE(mesh.degree(node), settings.degree_max) << node;
    few += mesh.degree(node) < settings.degree_min ? 1 : 0;
  }
  EXPECT_LE(few, 10U) << "of those that were pruned a moment ago";
}

TEST(GossipMesh, AFloodComesToAllAndIsCountedByNode) {
  Dice dice(4);
  GossipMesh mesh(300, 15, {}, dice);
  for (int i = 0; i < 60; ++i) mesh.heartbeat();
  EXPECT_EQ(mesh.flood(7), 299U);
  EXPECT_EQ(std::ranges::count(mesh.copies(), 0U), mesh.copies()[7] == 0 ? 1 : 0);
  const auto offers = std::accumulate(mesh.offers().begin(), mesh.offers().end(), uint64_t{0});
  EXPECT_EQ(offers, 299 * GossipSettings().offered_peers * GossipSettings().offered_heartbeats);
}

TEST(GossipMesh, NobodyIsReachedWithoutConnections) {
  Dice dice(5);
  GossipMesh mesh(10, 0, {}, dice);
  mesh.heartbeat();
  EXPECT_EQ(mesh.flood(0), 0U);
}

}  // namespace
}  // namespace timerose::sim
