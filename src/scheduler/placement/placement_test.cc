#include "scheduler/placement/placement.h"

#include <gtest/gtest.h>

#include "scheduler/placement/explanation.h"
#include "scheduler/testing.h"

namespace timerose::scheduler {
namespace {

constexpr uint64_t kMegabyte = 1'000'000;

// Unsigned: placement takes adverts that the table has let in.
Advert node_at(uint32_t number, int32_t milliseconds) {
  Advert advert;
  for (size_t i = 0; i < sizeof(number); ++i) {
    advert.node.bytes[i] = static_cast<uint8_t>(number >> (8 * i));
  }
  advert.capacity.cores = 4;
  advert.capacity.memory_bytes = uint64_t{8} << 30;
  advert.use.cores_free = 4;
  advert.use.memory_free_bytes = advert.capacity.memory_bytes;
  advert.speed.fuel_per_s = 1'000'000'000;
  advert.speed.network_bytes_s = 100 * kMegabyte;
  advert.coordinate.at_us = {milliseconds * 1000, 0, 0};
  return advert;
}

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

TEST(WorkHistory, LearnsByFunctionAndSize) {
  WorkHistory work(1, 64);
  const ContentKey function{1, 2};
  EXPECT_EQ(work.expected_fuel(function, 1000), WorkHistory::kUnknownFuel);
  for (int i = 0; i < 100; ++i) work.observe(function, 1 << 20, 5000);
  EXPECT_NEAR(work.expected_fuel(function, 1 << 20), 5000, 1);
  EXPECT_NEAR(work.expected_fuel(function, 1 << 22), 20'000, 10);
  EXPECT_NEAR(work.expected_fuel(function, 1 << 18), 5000, 1);
  for (int i = 0; i < 100; ++i) work.observe(function, 1 << 20, 9000);
  EXPECT_NEAR(work.expected_fuel(function, 1 << 20), 9000, 100);
}

TEST(BoundedTable, TheLongestUnusedGivesWay) {
  BoundedTable<int> table(64, 12345);
  for (uint64_t i = 0; i < 10'000; ++i) {
    table.put({i, i * 7919}) = static_cast<int>(i);
    table.put({1, 1}) = -1;
  }
  EXPECT_LE(table.size(), 64U);
  ASSERT_NE(table.find({1, 1}), nullptr);
  EXPECT_EQ(*table.find({1, 1}), -1);
  EXPECT_EQ(*table.find({9999, uint64_t{9999} * 7919}), 9999);
  EXPECT_EQ(table.find({2, uint64_t{9999} * 7919}), nullptr);
}

TEST(Holders, RemembersTheLatestFew) {
  Holders holders(1, 64);
  const ContentKey object{1, 2};
  EXPECT_TRUE(holders.of(object).empty());
  for (uint32_t slot = 0; slot < 20; ++slot) holders.add(object, NodeRef(slot, 0));
  holders.add(object, NodeRef(19, 0));
  EXPECT_EQ(holders.of(object).size(), Holders::kHoldersMax);
  for (uint32_t slot = 0; slot < 20; ++slot) holders.remove(object, NodeRef(slot, 0));
  EXPECT_TRUE(holders.of(object).empty());
}

}  // namespace
}  // namespace timerose::scheduler
