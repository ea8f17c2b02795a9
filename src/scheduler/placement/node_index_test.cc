#include "scheduler/placement/node_index.h"

#include <gtest/gtest.h>

#include "scheduler/placement/placement_testing.h"
#include "scheduler/placement/requirement.h"

namespace timerose::scheduler {
namespace {

TEST(NodeIndex, RatesAreSmoothed) {
  NodeIndex nodes;
  const NodeRef node = nodes.update(0, std::make_shared<const Advert>(node_at(0, 0)));
  nodes.measured_rate(node, 0);
  EXPECT_EQ(nodes.numbers(node).own_per_byte, 0) << "that is none";
  nodes.measured_rate(node, 1e6);
  EXPECT_FLOAT_EQ(nodes.numbers(node).own_per_byte, 1e-6F);
  nodes.measured_rate(node, 0.5e6);
  EXPECT_FLOAT_EQ(nodes.numbers(node).own_per_byte, 1.25e-6F);
  nodes.remove(0);
  nodes.measured_rate(node, 1e6);
  const NodeRef next = nodes.update(0, std::make_shared<const Advert>(node_at(1, 0)));
  EXPECT_EQ(nodes.numbers(next).own_per_byte, 0);
}

TEST(NodeIndex, WhatANodeSaidOfAFunctionHoldsUntilItsAdvertsSayOtherwise) {
  NodeIndex nodes;
  const Cid function = Cid::of_sha256(Codec::kRaw, as_bytes("function"));
  const uint32_t mark = WarmSet::mark_of(function);
  Advert cold = node_at(0, 0);
  Advert hot = cold;
  hot.warm = WarmSet(std::vector<Cid>{function});
  const auto hear = [&](const Advert& advert) {
    return nodes.update(0, std::make_shared<const Advert>(advert));
  };
  const NodeRef node = hear(cold);
  const auto is_warm = [&] { return nodes.is_warm(node, mark, nodes.warm(mark)); };
  EXPECT_FALSE(is_warm());
  nodes.note_warm(node, mark, true);
  EXPECT_TRUE(is_warm());
  hear(cold);
  EXPECT_TRUE(is_warm()) << "its advert may be older than the call";
  hear(hot);
  EXPECT_TRUE(is_warm());
  nodes.note_warm(node, mark, false);
  EXPECT_FALSE(is_warm());
  hear(hot);
  EXPECT_FALSE(is_warm()) << "it says nothing new";
  hear(cold);
  hear(hot);
  EXPECT_TRUE(is_warm());
  hear(cold);
  EXPECT_FALSE(is_warm());
  nodes.note_warm(node, mark, true);
  nodes.remove(0);
  const NodeRef next = hear(cold);
  EXPECT_FALSE(nodes.is_warm(next, mark, nodes.warm(mark)));
}

TEST(NodeIndex, ForgetsAllOfANodeThatLeaves) {
  NodeIndex nodes;
  const Cid function = Cid::of_sha256(Codec::kRaw, as_bytes("function"));
  for (uint32_t slot = 0; slot < 10; ++slot) {
    Advert advert = node_at(slot, 0);
    advert.capacity.labels = {{"zone", slot % 2 == 0 ? "eu" : "us"}};
    advert.warm = WarmSet(std::vector<Cid>{function});
    nodes.update(slot, std::make_shared<const Advert>(advert));
  }
  const Term zone = Requirement::parse("label.zone=eu")->terms[0];
  EXPECT_EQ(nodes.having(zone)->size(), 5U);
  EXPECT_EQ(nodes.warm(WarmSet::mark_of(function)).size(), 10U);
  for (uint32_t slot = 0; slot < 10; ++slot) nodes.remove(slot);
  EXPECT_TRUE(nodes.having(zone)->empty());
  EXPECT_TRUE(nodes.warm(WarmSet::mark_of(function)).empty());
  EXPECT_TRUE(nodes.live().empty());
}

}  // namespace
}  // namespace timerose::scheduler
