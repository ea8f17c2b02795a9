#include "sim/advert_gossip.h"

#include <gtest/gtest.h>

namespace timerose::sim {
namespace {

TEST(AdvertGossip, AThousandNodesStayWithinTwoKibibytesASecond) {
  AdvertGossipOptions options;
  options.floods_max = 200;
  const AdvertGossipResult result = run_advert_gossip(options);
  EXPECT_LE(result.busiest_bytes_s, 2048);
  EXPECT_GT(result.received_bytes_s, 512) << "the limit is not used: nodes could tell more";
  EXPECT_GT(result.reach, 0.98);
  EXPECT_LE(result.degree_max, 6U);
  EXPECT_LE(result.spacing_max_s, result.promised_s);
}

TEST(AdvertGossip, AHundredNodesHearOfEachOtherInMinutes) {
  AdvertGossipOptions options;
  options.nodes = 100;
  options.floods_max = 200;
  const AdvertGossipResult result = run_advert_gossip(options);
  EXPECT_LE(result.busiest_bytes_s, 2048);
  EXPECT_LT(result.age_s, 180);
}

}  // namespace
}  // namespace timerose::sim
