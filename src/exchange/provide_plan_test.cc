#include "exchange/provide_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"

namespace timerose::exchange {
namespace {

constexpr uint64_t kHour = 3600ULL * 1'000'000'000;
constexpr uint64_t kNow = 20'000 * 24 * kHour + 5 * kHour;

Bytes multihash_number(uint64_t number) {
  Bytes multihash(34);
  SeededRandom(number).fill(multihash);
  multihash[0] = 0x12;
  multihash[1] = 0x20;
  return multihash;
}

TEST(ProvidePlan, AnnouncesANewBlockAtOnceAndAgainWithinEachInterval) {
  ProvidePlan plan(kNow, kNow);
  EXPECT_EQ(plan.next_due_ns(kNow), UINT64_MAX);
  plan.add(multihash_number(1), true);
  EXPECT_EQ(plan.next_due_ns(kNow), kNow);
  EXPECT_EQ(plan.take_due(kNow, 10), std::vector<Bytes>{multihash_number(1)});

  uint64_t before = kNow;
  for (int round = 0; round < 3; ++round) {
    const uint64_t due = plan.next_due_ns(before);
    EXPECT_LE(due, before + kReprovideIntervalNs);
    EXPECT_TRUE(plan.take_due(due - 1, 10).empty());
    EXPECT_EQ(plan.take_due(due, 10).size(), 1U);
    before = due;
  }
}

TEST(ProvidePlan, SpreadsTheSweepEvenlyAndPassesOverNothing) {
  ProvidePlan plan(kNow, kNow);
  for (uint64_t i = 0; i < 22'000; ++i) plan.add(multihash_number(i), false);
  std::set<Bytes> announced;
  for (uint64_t hour = 1; hour <= 22; ++hour) {
    size_t of_hour = 0;
    while (true) {
      const auto due = plan.take_due(kNow + hour * kHour, 100);
      if (due.empty()) break;
      of_hour += due.size();
      announced.insert(due.begin(), due.end());
    }
    EXPECT_GT(of_hour, 800U);
    EXPECT_LT(of_hour, 1200U);
  }
  EXPECT_EQ(announced.size(), 22'000U);
}

TEST(ProvidePlan, GoesOnWhereItWasBeforeTheNodeEnded) {
  ProvidePlan before(kNow, kNow);
  for (uint64_t i = 0; i < 1000; ++i) before.add(multihash_number(i), false);
  std::set<Bytes> announced;
  for (const Bytes& one : before.take_due(kNow + 11 * kHour, 1000)) announced.insert(one);
  const uint64_t later = kNow + 15 * kHour;
  ProvidePlan after(later, before.swept_until_ns());
  for (uint64_t i = 0; i < 1000; ++i) after.add(multihash_number(i), false);
  const auto missed = after.take_due(later, 1000);
  EXPECT_GT(missed.size(), 100U);
  EXPECT_LT(missed.size(), 300U);
  for (const Bytes& one : missed) EXPECT_FALSE(announced.contains(one));
}

TEST(ProvidePlan, EverythingIsDueOnceIfTheSweepNeverWas) {
  ProvidePlan plan(kNow);
  for (uint64_t i = 0; i < 100; ++i) plan.add(multihash_number(i), false);
  EXPECT_EQ(plan.take_due(kNow, 1000).size(), 100U);
  EXPECT_TRUE(plan.take_due(kNow, 1000).empty());
}

TEST(ProvidePlan, TakesNeighboursTogether) {
  ProvidePlan plan(kNow);
  for (uint64_t i = 0; i < 100; ++i) plan.add(multihash_number(i), false);
  auto all = plan.take_due(kNow, 30);
  for (const Bytes& one : plan.take_due(kNow, 1000)) all.push_back(one);
  ProvidePlan again(kNow);
  for (uint64_t i = 100; i-- > 0;) again.add(multihash_number(i), false);
  EXPECT_EQ(again.take_due(kNow, 1000), all);
}

TEST(ProvidePlan, DoesNotAnnounceWhatWasRemoved) {
  ProvidePlan plan(kNow);
  plan.add(multihash_number(1), true);
  plan.remove(multihash_number(1));
  EXPECT_TRUE(plan.take_due(kNow, 10).empty());
  EXPECT_EQ(plan.next_due_ns(kNow), UINT64_MAX);
}

TEST(ProvidePlan, ADayOfTheClockInTheFutureIsNotBelieved) {
  ProvidePlan plan(kNow, kNow + 1000 * kHour);
  plan.add(multihash_number(1), false);
  EXPECT_LE(plan.next_due_ns(kNow), kNow + kReprovideIntervalNs);
}

}  // namespace
}  // namespace timerose::exchange
