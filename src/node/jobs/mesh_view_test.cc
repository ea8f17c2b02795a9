#include "node/jobs/mesh_view.h"

#include <gtest/gtest.h>

#include "scheduler/testing.h"

namespace timerose::node {
namespace {

using scheduler::testing::advert_of;
using scheduler::testing::key_of;

TEST(MeshView, WhatWasMeasuredOfAPeerReachesPlacement) {
  MeshView view(1, key_of(0).public_key(),
                scheduler::execute::TrustList(PeerId::of(key_of(0).public_key())));
  const auto advert = std::make_shared<const scheduler::Advert>(advert_of(1));
  const PeerId peer = advert->peer();
  view.measured_rate(peer, 1'000'000);  // not known yet: passed over
  view.heard(scheduler::NodeSlot{0}, advert);
  ASSERT_TRUE(view.find(peer));
  const auto numbers = [&] { return view.knowledge().nodes.numbers(*view.find(peer)); };
  EXPECT_EQ(numbers().own_per_byte, 0);
  view.measured_rate(peer, 2'000'000);
  view.measured(peer, 0.03);
  EXPECT_FLOAT_EQ(numbers().own_per_byte, 5e-7F);
  EXPECT_FLOAT_EQ(numbers().own_trip, 0.03F);
}

}  // namespace
}  // namespace timerose::node
