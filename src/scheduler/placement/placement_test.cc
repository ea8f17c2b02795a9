#include "scheduler/placement/placement.h"

#include <gtest/gtest.h>

#include <set>

#include "scheduler/placement/explanation.h"
#include "scheduler/placement/placement_testing.h"

namespace timerose::scheduler {
namespace {

constexpr uint64_t kMegabyte = 1'000'000;

struct PlacementTest : ::testing::Test {
  PlacementTest() { self = put(0, node_at(0, 0)); }

  NodeRef put(uint32_t slot, Advert advert) {
    return nodes.update(slot, std::make_shared<const Advert>(std::move(advert)));
  }
  NodeRef put(uint32_t number) { return put(number, node_at(number, 10)); }

  Decision decide(const CallToPlace& call) {
    Placer placer(nodes, holders, work, self, 7);
    Decision out;
    placer.decide(call, out);
    return out;
  }
  CallToPlace call_on(uint64_t bytes) {
    inputs = {{ContentKey::of(data), bytes}};
    CallToPlace call;
    call.function = ContentKey::of(function);
    call.function_mark = WarmSet::mark_of(function);
    call.function_bytes = kMegabyte;
    call.inputs = inputs;
    return call;
  }

  const Cid function = Cid::of_sha256(Codec::kRaw, as_bytes("function"));
  const Cid data = Cid::of_sha256(Codec::kRaw, as_bytes("data"));
  std::vector<CallInput> inputs;
  NodeIndex nodes;
  Holders holders{1, 1024};
  WorkHistory work{1, 1024};
  NodeRef self;
};

TEST_F(PlacementTest, ACallGoesToItsData) {
  for (uint32_t number = 1; number <= 20; ++number) put(number);
  const NodeRef holder = put(21, node_at(21, 30));
  holders.add(ContentKey::of(data), holder);
  const Decision decision = decide(call_on(100 * kMegabyte));
  ASSERT_GE(decision.fitting, 3U);
  EXPECT_EQ(decision.candidates[0].node, holder);
  EXPECT_EQ(decision.candidates[0].why, Why::kHolder);
  EXPECT_EQ(decision.candidates[0].move_bytes, kMegabyte);  // the module
  EXPECT_EQ(decision.candidates[1].move_bytes, 101 * kMegabyte);
}

TEST_F(PlacementTest, ASmallCallStaysHere) {
  holders.add(ContentKey::of(data), put(1));
  CallToPlace call = call_on(100);
  call.function_bytes = 0;
  EXPECT_EQ(decide(call).candidates[0].node, self);
}

TEST_F(PlacementTest, ABusyHolderIsPassedOverWhenMovingIsCheaper) {
  Advert busy = node_at(1, 10);
  busy.use.wait_ms = 60'000;
  const NodeRef first = put(1, busy);
  const NodeRef second = put(2);
  holders.add(ContentKey::of(data), first);
  EXPECT_NE(decide(call_on(100 * kMegabyte)).candidates[0].node, first);
  holders.add(ContentKey::of(data), second);
  EXPECT_EQ(decide(call_on(100 * kMegabyte)).candidates[0].node, second);
}

TEST_F(PlacementTest, WorkThatWasGivenCounts) {
  const NodeRef first = put(1);
  const NodeRef second = put(2);
  holders.add(ContentKey::of(data), first);
  holders.add(ContentKey::of(data), second);
  const CallToPlace call = call_on(10 * kMegabyte);
  nodes.give(first, 0.1);
  EXPECT_EQ(decide(call).candidates[0].node, second);
  nodes.give(second, 0.2);
  EXPECT_EQ(decide(call).candidates[0].node, first);
  nodes.take_back(second, 0.2);
  EXPECT_EQ(decide(call).candidates[0].node, second);
}

// 40 honest nodes, and 10 that say to be very fast, idle and warm.
TEST_F(PlacementTest, WhoPraisesHimselfIsNotDrawnForIt) {
  for (uint32_t number = 1; number <= 40; ++number) put(number);
  for (uint32_t number = 41; number <= 50; ++number) {
    Advert praised = node_at(number, 10);
    praised.speed.fuel_per_s = Advert::kSpeedMax;
    praised.warm = WarmSet(std::vector<Cid>{function});
    put(number, praised);
  }
  Placer placer(nodes, holders, work, self, 7);
  CallToPlace call = call_on(1000);
  Decision decision;
  const auto praised_first = [&] {
    size_t times = 0;
    for (size_t i = 0; i < 300; ++i) {
      placer.decide(call, decision);
      if (decision.candidates[0].node.slot() > 40) ++times;
    }
    return times;
  };
  EXPECT_EQ(praised_first(), 300U) << "the cheapest";
  call.drawn = true;
  const size_t drawn = praised_first();
  EXPECT_GT(drawn, 25U);
  EXPECT_LT(drawn, 100U) << "about their share of the nodes";
}

TEST_F(PlacementTest, NobodyBeyondReasonIsDrawn) {
  for (uint32_t number = 1; number <= 40; ++number) put(number);
  const NodeRef first = put(41, node_at(41, 10));
  const NodeRef second = put(42, node_at(42, 30));
  Advert busy = node_at(43, 10);
  busy.use.wait_ms = 60'000;
  const NodeRef third = put(43, busy);
  for (const NodeRef node : {first, second, third}) holders.add(ContentKey::of(data), node);
  Placer placer(nodes, holders, work, self, 7);
  CallToPlace call = call_on(500 * kMegabyte);
  call.drawn = true;
  Decision decision;
  size_t firsts = 0;
  for (size_t i = 0; i < 100; ++i) {
    placer.decide(call, decision);
    const std::set<uint32_t> drawn{decision.candidates[0].node.slot(),
                                   decision.candidates[1].node.slot()};
    EXPECT_EQ(drawn, (std::set<uint32_t>{first.slot(), second.slot()}));
    if (decision.candidates[0].node == first) ++firsts;
  }
  EXPECT_GT(firsts, 25U);
  EXPECT_LT(firsts, 75U);
}

TEST_F(PlacementTest, AWarmNodeSavesTheCompilation) {
  put(1);
  Advert warm = node_at(2, 10);
  warm.warm = WarmSet(std::vector<Cid>{function});
  const NodeRef node = put(2, warm);
  CallToPlace call = call_on(0);
  call.inputs = {};
  call.function_bytes = 10 * kMegabyte;
  const Decision decision = decide(call);
  EXPECT_EQ(decision.candidates[0].node, node);
  EXPECT_EQ(decision.candidates[0].cost.compile, 0);
  EXPECT_GT(decision.candidates[1].cost.compile, 0);
  put(2, node_at(2, 10));
  EXPECT_TRUE(nodes.warm(call.function_mark).empty());
}

TEST_F(PlacementTest, DataIsNotDrawnToWhereTheFunctionIsWarm) {
  // To compile takes 52 ms, to move 4 MB takes 40 ms: but those are of others as well.
  Advert warm = node_at(1, 10);
  warm.warm = WarmSet(std::vector<Cid>{function});
  put(1, warm);
  const NodeRef holder = put(2);
  holders.add(ContentKey::of(data), holder);
  holders.add(ContentKey::of(function), self);
  CallToPlace call = call_on(4 * kMegabyte);
  call.function_bytes = 260'000;
  const Decision decision = decide(call);
  EXPECT_EQ(decision.candidates[0].node, holder);
  EXPECT_GT(decision.candidates[0].cost.compile, 0);
  EXPECT_FLOAT_EQ(decision.candidates[1].cost.burden, Placer::kBurden * 0.04F);
}

TEST_F(PlacementTest, OfManyHoldersTheOneIsFoundThatHasTheFunction) {
  NodeRef last;
  for (uint32_t number = 1; number <= Holders::kHoldersMax; ++number) {
    last = put(number, node_at(number, static_cast<int32_t>(5 + number)));
    holders.add(ContentKey::of(data), last);
  }
  const CallToPlace call = call_on(4 * kMegabyte);
  EXPECT_NE(decide(call).candidates[0].node, last);
  nodes.note_warm(last, call.function_mark, true);
  EXPECT_EQ(decide(call).candidates[0].node, last);
  EXPECT_EQ(decide(call).candidates[0].move_bytes, 0U);
}

TEST_F(PlacementTest, WhoHasTheFunctionIsACandidate) {
  for (uint32_t number = 1; number <= 200; ++number) put(number);
  const NodeRef holder = put(201);
  holders.add(ContentKey::of(function), holder);
  CallToPlace call = call_on(0);
  call.inputs = {};
  call.function_bytes = 100 * kMegabyte;
  EXPECT_EQ(decide(call).candidates[0].node, holder);
}

TEST_F(PlacementTest, TheMeasuredPathCountsAndNotWhatWasDeclared) {
  Advert near = node_at(1, 10);
  Advert far = node_at(2, 20);
  const NodeRef slow = put(1, near);
  const NodeRef quick = put(2, far);
  CallToPlace call = call_on(50 * kMegabyte);
  nodes.note_warm(self, call.function_mark, true);
  holders.add(ContentKey::of(data), slow);
  holders.add(ContentKey::of(data), quick);
  const auto move_here = [&] {
    const Decision decision = decide(call);
    for (const Candidate& one : decision.all()) {
      if (one.node == self) return one.cost.move;
    }
    return 0.0F;
  };
  EXPECT_NEAR(move_here(), 0.51, 0.01);
  nodes.measured_rate(slow, 1 * kMegabyte);
  EXPECT_NEAR(move_here(), 0.52, 0.001) << "the other one is quicker now";
  nodes.measured_rate(quick, 200 * kMegabyte);
  EXPECT_NEAR(move_here(), 0.27, 0.01);
  put(2, far);
  EXPECT_NEAR(move_here(), 0.27, 0.01) << "an advert does not undo what was measured";
}

TEST(Candidate, WhatItLacksIsWeighedByTheWayThatWasKnown) {
  Candidate one;
  one.move_bytes = 1000;
  one.cost.ask = 0.02F;
  one.cost.move = 0.1F + 1;
  one.cost.burden = Placer::kBurden;
  one.set_lacking(500, 1);
  EXPECT_EQ(one.move_bytes, 500U);
  EXPECT_NEAR(one.cost.move, 0.6, 1e-5);
  EXPECT_NEAR(one.cost.burden, Placer::kBurden / 2, 1e-5);
  one.set_lacking(0, 1);
  EXPECT_EQ(one.cost.move, 0);
  EXPECT_EQ(one.cost.burden, 0);
  one.set_lacking(10, 0.5F);
  EXPECT_FLOAT_EQ(one.cost.move, 5.02F);
  EXPECT_FLOAT_EQ(one.cost.burden, Placer::kBurden * 5);
}

TEST_F(PlacementTest, AFasterNodeRunsLongCalls) {
  Advert fast = node_at(1, 10);
  fast.speed.fuel_per_s *= 4;
  const NodeRef node = put(1, fast);
  CallToPlace call = call_on(1000);
  for (int i = 0; i < 3; ++i) work.observe(call.function, 1000, 100'000'000'000);
  const Decision decision = decide(call);
  EXPECT_EQ(decision.candidates[0].node, node);
  EXPECT_NEAR(decision.candidates[0].cost.run, 25, 0.1);
}

TEST_F(PlacementTest, AHardRequirementIsFoundAmongMany) {
  for (uint32_t number = 1; number <= 500; ++number) put(number);
  Advert special = node_at(501, 200);
  special.capacity.labels = {{"zone", "eu"}};
  special.capacity.gpus = {{"gpu", 1}};
  const NodeRef node = put(501, special);
  for (const char* text : {"label.zone=eu", "gpus>=1", "label.zone=eu, gpus>=1, cores>=2"}) {
    const Requirement required = *Requirement::parse(text);
    CallToPlace call = call_on(1000);
    call.required = &required;
    const Decision decision = decide(call);
    ASSERT_EQ(decision.fitting, 1U) << text;
    EXPECT_EQ(decision.candidates[0].node, node) << text;
    EXPECT_EQ(decision.candidates[1].rejected, Rejected::kRequirement);
  }
}

TEST_F(PlacementTest, NoNodeFitsSaysHowManyFailEachAndTheNearestMiss) {
  for (uint32_t number = 1; number <= 5; ++number) put(number);
  Advert nearest = node_at(6, 10);
  nearest.capacity.memory_bytes = uint64_t{30} << 30;
  put(6, nearest);
  const Requirement required = *Requirement::parse("memory>=32GiB, label.zone=eu, cores>=1");
  CallToPlace call = call_on(1000);
  call.required = &required;
  const Decision decision = decide(call);
  EXPECT_EQ(decision.fitting, 0U);
  const Explanation why = explain(call, decision, nodes, self);
  ASSERT_EQ(why.misses.size(), 3U);
  EXPECT_EQ(why.misses[0].nodes_failed, 7U);
  EXPECT_EQ(why.misses[0].nearest, nearest.peer());
  EXPECT_EQ(why.misses[0].nearest_has, "30.0 GiB");
  EXPECT_TRUE(why.misses[1].label_unknown);
  EXPECT_EQ(why.misses[2].nodes_failed, 0U);
  EXPECT_NE(why.refusal().find("no node fits, of 7 known; memory>=32GiB: 7 fail it, nearest is"),
            std::string::npos)
      << why.refusal();
  EXPECT_NE(why.refusal().find("none has a label of this name"), std::string::npos);
}

TEST_F(PlacementTest, APreferenceWeighsButDoesNotRule) {
  const NodeRef plain = put(1);
  Advert liked = node_at(2, 12);
  liked.capacity.labels = {{"zone", "eu"}};
  const NodeRef node = put(2, liked);
  holders.add(ContentKey::of(data), plain);
  holders.add(ContentKey::of(data), node);
  const Requirement preferred = *Requirement::parse("label.zone=eu");
  CallToPlace call = call_on(10 * kMegabyte);
  EXPECT_EQ(decide(call).candidates[0].node, plain);
  call.preferred = &preferred;
  EXPECT_EQ(decide(call).candidates[0].node, node);
  nodes.give(node, 100);
  EXPECT_EQ(decide(call).candidates[0].node, plain);
}

TEST_F(PlacementTest, CopiesStandApart) {
  const Term apart = Requirement::parse("operator=x")->terms[0];
  std::vector<NodeRef> refs;
  for (uint32_t number = 1; number <= 6; ++number) {
    Advert advert = node_at(number, 10);
    advert.capacity.operator_name = number <= 4 ? "one" : "two";
    refs.push_back(put(number, advert));
    holders.add(ContentKey::of(data), refs.back());
  }
  std::vector<NodeRef> copies{refs[0]};
  CallToPlace call = call_on(100 * kMegabyte);
  call.copies = copies;
  call.apart = &apart;
  const Decision decision = decide(call);
  ASSERT_GE(decision.fitting, 1U);
  for (const Candidate& candidate : decision.fit()) {
    EXPECT_NE(nodes.advert(candidate.node).capacity.operator_name, "one");
  }
}

TEST_F(PlacementTest, NoNodeFitsSaysInWhatOthersAreTooNearToTheCopies) {
  const Term apart = Requirement::parse("label.zone=x")->terms[0];
  for (uint32_t number = 1; number <= 3; ++number) put(number);
  const std::vector<NodeRef> copies{self};
  CallToPlace call = call_on(1000);
  call.copies = copies;
  call.apart = &apart;
  const Decision decision = decide(call);
  ASSERT_EQ(decision.fitting, 0U);
  EXPECT_EQ(
      explain(call, decision, nodes, self).refusal(),
      "no node fits, of 4 known; 1 have been given it already; others do not differ from these "
      "in label.zone");
}

TEST_F(PlacementTest, NoNodeFitsSaysWhoHasTheMostMemoryFree) {
  Advert larger = node_at(1, 10);
  larger.use.memory_free_bytes = uint64_t{9} << 30;
  put(1, larger);
  CallToPlace call = call_on(1000);
  call.memory_bytes = uint64_t{1} << 40;
  const Decision decision = decide(call);
  ASSERT_EQ(decision.fitting, 0U);
  EXPECT_EQ(explain(call, decision, nodes, self).refusal(),
            "no node fits, of 2 known; 2 have less memory free than the 1.0 TiB that the call may "
            "use, nearest is " +
                larger.peer().to_string() + " with 9.0 GiB");
}

TEST_F(PlacementTest, AvoidedAndFullNodesAreRejectedWithTheReason) {
  const NodeRef bad = put(1);
  Advert full = node_at(2, 10);
  full.use.memory_free_bytes = 1 << 20;
  const NodeRef small = put(2, full);
  holders.add(ContentKey::of(data), bad);
  holders.add(ContentKey::of(data), small);
  CallToPlace call = call_on(1000);
  call.memory_bytes = 64 << 20;
  const std::vector<NodeRef> avoided{bad};
  call.avoided = avoided;
  const Decision decision = decide(call);
  ASSERT_EQ(decision.fitting, 1U);
  EXPECT_EQ(decision.candidates[0].node, self);
  const Explanation why = explain(call, decision, nodes, self);
  std::string all;
  for (const auto& line : why.lines) all += line.rejected + "\n";
  EXPECT_NE(all.find("failed or refused"), std::string::npos);
  EXPECT_NE(all.find("64 MiB of memory, it has 1 MiB"), std::string::npos);
}

TEST_F(PlacementTest, ANodeThatLeftIsNoHolderEvenIfItsPlaceIsTaken) {
  const NodeRef gone = put(1);
  holders.add(ContentKey::of(data), gone);
  nodes.remove(1);
  EXPECT_FALSE(nodes.is_live(gone));
  const NodeRef next = put(1, node_at(9, 10));
  EXPECT_NE(next, gone);
  const auto decision = decide(call_on(kMegabyte));
  for (const Candidate& candidate : decision.all()) {
    EXPECT_NE(candidate.why, Why::kHolder);
  }
}

TEST_F(PlacementTest, WhatIsPreferredIsLookedForAmongMany) {
  for (uint32_t number = 1; number < 1000; ++number) {
    Advert advert = node_at(number, 10);
    if (number == 777) advert.capacity.labels["zone"] = "eu";
    put(number, advert);
  }
  CallToPlace call = call_on(1000);
  const Requirement preferred = Requirement::parse("label.zone=eu").value();
  call.preferred = &preferred;
  const Decision decision = decide(call);
  const auto is_777 = [](const Candidate& candidate) { return candidate.node.slot() == 777; };
  EXPECT_TRUE(std::ranges::any_of(decision.fit(), is_777));
}

}  // namespace
}  // namespace timerose::scheduler
