#include "cli/mesh/devnet_topology.h"

#include <gtest/gtest.h>

namespace timerose::cli {
namespace {

using Links = std::vector<std::pair<size_t, size_t>>;

TEST(DevnetTopology, JoinsAsItsNameSays) {
  EXPECT_EQ(links_of(Topology::kFull, 3), (Links{{0, 1}, {0, 2}, {1, 2}}));
  EXPECT_EQ(links_of(Topology::kRing, 4), (Links{{0, 1}, {0, 3}, {1, 2}, {2, 3}}));
  EXPECT_EQ(links_of(Topology::kStar, 4), (Links{{0, 1}, {0, 2}, {0, 3}}));
  EXPECT_EQ(links_of(Topology::kLine, 4), (Links{{0, 1}, {1, 2}, {2, 3}}));
}

TEST(DevnetTopology, JoinsTwoNodesOnceAndOneNodeToNone) {
  for (const Topology topology :
       {Topology::kFull, Topology::kRing, Topology::kStar, Topology::kLine}) {
    EXPECT_EQ(links_of(topology, 2), (Links{{0, 1}}));
    EXPECT_TRUE(links_of(topology, 1).empty());
  }
}

TEST(DevnetTopology, ListsTheNamesThereAre) {
  EXPECT_EQ(topology_named("ring").value(), Topology::kRing);
  EXPECT_NE(topology_named("mesh").error().message.find("full, ring, star or line"),
            std::string::npos);
}

}  // namespace
}  // namespace timerose::cli
