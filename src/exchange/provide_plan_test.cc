#include "exchange/provide_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"

namespace timerose::exchange {
namespace {

constexpr uint64_t kHour = 3600ULL * 1'000'000'000;
constexpr uint64_t kNow = 20'000 * 24 * kHour + 5 * kHour;

Bytes random_multihash(uint64_t number) {
  Bytes multihash(34);
  SeededRandom(number).fill(multihash);
  multihash[0] = 0x12;
  multihash[1] = 0x20;
  return multihash;
}

// A plan, and the blocks that are listed for it.
struct Sweep {
  ProvidePlan plan;
  std::vector<Bytes> blocks;

  Sweep(size_t count, ProvidePlan of) : plan(std::move(of)) {
    for (size_t i = 0; i < count; ++i) blocks.push_back(random_multihash(i));
  }

  // Everything that is due at the moment, `at_once` at a time.
  std::vector<Bytes> take(uint64_t now_ns, size_t at_once = 100) {
    std::vector<Bytes> taken;
    while (true) {
      if (const auto region = plan.region_due(now_ns)) {
        RegionBlocks there(*region);
        for (const Bytes& block : blocks) there.see(block);
        plan.take_region(std::move(there));
        continue;
      }
      const auto due = plan.take_due(now_ns, at_once);
      if (due.empty() && !plan.region_due(now_ns)) return taken;
      taken.insert(taken.end(), due.begin(), due.end());
    }
  }
};

TEST(ProvidePlan, AnnouncesANewBlockAtOnceAndAgainWithinEachInterval) {
  Sweep sweep(1, ProvidePlan(kNow, kNow));
  EXPECT_TRUE(sweep.take(kNow).empty());
  sweep.plan.announce(random_multihash(0), false);
  EXPECT_EQ(sweep.plan.next_due_ns(kNow), kNow);
  EXPECT_EQ(sweep.take(kNow), std::vector<Bytes>{random_multihash(0)});
  size_t again = 0;
  for (uint64_t hour = 1; hour <= 66; ++hour) again += sweep.take(kNow + hour * kHour).size();
  EXPECT_EQ(again, 3U);
}

TEST(ProvidePlan, SpreadsTheSweepEvenlyAndPassesOverNothing) {
  Sweep sweep(22'000, ProvidePlan(kNow, kNow));
  std::set<Bytes> announced;
  for (uint64_t hour = 1; hour <= 22; ++hour) {
    const auto due = sweep.take(kNow + hour * kHour);
    EXPECT_GT(due.size(), 800U);
    EXPECT_LT(due.size(), 1200U);
    announced.insert(due.begin(), due.end());
  }
  EXPECT_EQ(announced.size(), 22'000U);
}

TEST(ProvidePlan, GoesOnWhereItWasBeforeTheNodeEnded) {
  Sweep before(1000, ProvidePlan(kNow, kNow));
  std::set<Bytes> announced;
  for (const Bytes& one : before.take(kNow + 11 * kHour)) announced.insert(one);
  const uint64_t later = kNow + 15 * kHour;
  Sweep after(1000, ProvidePlan(later, before.plan.swept_until_ns()));
  const auto missed = after.take(later);
  EXPECT_GT(missed.size(), 100U);
  EXPECT_LT(missed.size(), 300U);
  for (const Bytes& one : missed) EXPECT_FALSE(announced.contains(one));
}

TEST(ProvidePlan, EverythingIsDueOnceIfTheSweepNeverWasAndWheneverItIsAskedFor) {
  Sweep sweep(100, ProvidePlan(kNow));
  EXPECT_EQ(sweep.take(kNow).size(), 100U);
  EXPECT_TRUE(sweep.take(kNow).empty());
  sweep.plan.sweep_again(kNow);
  EXPECT_EQ(sweep.take(kNow).size(), 100U);
}

TEST(ProvidePlan, TakesNeighboursTogether) {
  Sweep one(100, ProvidePlan(kNow));
  Sweep other(100, ProvidePlan(kNow));
  std::ranges::reverse(other.blocks);
  EXPECT_EQ(one.take(kNow, 7), other.take(kNow, 1000));
}

TEST(ProvidePlan, HoldsNoMoreOfABigStoreThanARegionMayHave) {
  constexpr size_t kCount = 3 * RegionBlocks::kBlocksMax;
  Sweep sweep(0, ProvidePlan(kNow));
  RegionBlocks there({0, UINT64_MAX});
  for (uint64_t i = 0; i < kCount; ++i) {
    there.see(random_multihash(i));
    ASSERT_LE(there.size(), RegionBlocks::kBlocksMax);
  }
  EXPECT_EQ(there.seen(), kCount);
  EXPECT_EQ(there.region(), (KeyRegion{0, UINT64_MAX / 4}));
  EXPECT_NEAR(static_cast<double>(there.size()), kCount / 4.0, kCount / 40.0);
}

TEST(ProvidePlan, ARegionThatWasCutShortIsFollowedByItsRest) {
  ProvidePlan plan(22 * kHour, 22 * kHour);
  const auto whole = plan.region_due(22 * kHour);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->first, 0U);
  plan.take_region(RegionBlocks({whole->first, whole->last / 4}));
  const auto rest = plan.region_due(23 * kHour);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->first, whole->last / 4 + 1);
  EXPECT_LE(rest->last, whole->last);
}

TEST(ProvidePlan, ARegionIsListedOnceTheSweepComesToIt) {
  ProvidePlan plan(kNow, kNow);
  ASSERT_TRUE(plan.region_due(kNow));
  plan.take_region(RegionBlocks(*plan.region_due(kNow)));
  EXPECT_FALSE(plan.region_due(kNow));
  const uint64_t due = plan.next_due_ns(kNow);
  EXPECT_GT(due, kNow);
  EXPECT_LE(due, kNow + kReprovideIntervalNs / 32);
  EXPECT_FALSE(plan.region_due(due - 1));
  EXPECT_TRUE(plan.region_due(due));
}

TEST(ProvidePlan, WhatIsUrgentGoesBeforeOtherNewBlocksAndAlone) {
  ProvidePlan plan(kNow, kNow);
  plan.announce(random_multihash(1), false);
  plan.announce(random_multihash(1), false);
  plan.announce(random_multihash(2), true);
  EXPECT_EQ(plan.new_waiting(), 2U) << "the same block waits once";
  const std::vector<Bytes> root{random_multihash(2)};
  EXPECT_EQ(plan.take_due(kNow, 10, ProvidePlan::Hurry::kOnlyUrgent), root);
  EXPECT_TRUE(plan.take_due(kNow, 10, ProvidePlan::Hurry::kOnlyUrgent).empty());
  EXPECT_EQ(plan.take_due(kNow, 10), std::vector<Bytes>{random_multihash(1)});
}

TEST(ProvidePlan, TooManyNewBlocksAreLeftToTheSweep) {
  ProvidePlan plan(kNow, kNow);
  for (uint64_t i = 0; i < ProvidePlan::kNewMax + 10; ++i) {
    plan.announce(random_multihash(i), false);
  }
  EXPECT_EQ(plan.new_waiting(), ProvidePlan::kNewMax);
  EXPECT_EQ(plan.new_left_out(), 10U);
}

TEST(ProvidePlan, AMomentInTheFutureIsNotBelieved) {
  ProvidePlan plan(kNow, kNow + 1000 * kHour);
  EXPECT_LE(plan.next_due_ns(kNow), kNow + kReprovideIntervalNs);
}

}  // namespace
}  // namespace timerose::exchange
