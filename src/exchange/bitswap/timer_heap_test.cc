#include "exchange/bitswap/timer_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "base/random.h"

namespace timerose::bitswap {
namespace {

TEST(TimerHeap, GivesTheEarliestFirst) {
  TimerHeap heap;
  Timer a(Timer::Kind::kPeer);
  Timer b(Timer::Kind::kPeer);
  Timer c(Timer::Kind::kPeer);
  heap.set(a, 30);
  heap.set(b, 10);
  heap.set(c, 20);
  EXPECT_EQ(heap.next_ns(), 10U);
  EXPECT_EQ(heap.take_due(9), nullptr);
  EXPECT_EQ(heap.take_due(25), &b);
  EXPECT_EQ(heap.take_due(25), &c);
  EXPECT_EQ(heap.take_due(25), nullptr);
  EXPECT_EQ(heap.take_due(30), &a);
  EXPECT_EQ(heap.next_ns(), kNever);
}

TEST(TimerHeap, MovesATimerBothWaysAndTakesItOut) {
  TimerHeap heap;
  Timer a(Timer::Kind::kPeer);
  Timer b(Timer::Kind::kPeer);
  heap.set(a, 10);
  heap.set(b, 20);
  heap.set(a, 30);
  EXPECT_EQ(heap.next_ns(), 20U);
  heap.set(a, 5);
  EXPECT_EQ(heap.next_ns(), 5U);
  heap.set(a, kNever);
  EXPECT_EQ(heap.next_ns(), 20U);
  heap.remove(b);
  heap.remove(b);
  EXPECT_EQ(heap.size(), 0U);
}

TEST(TimerHeap, KeepsOrderUnderRandomUse) {
  SeededRandom random(7);
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 200; ++i) timers.push_back(std::make_unique<Timer>(Timer::Kind::kClaim));
  TimerHeap heap;
  for (int i = 0; i < 20'000; ++i) {
    Timer& timer = *timers[random.next() % timers.size()];
    heap.set(timer, random.next() % 4 == 0 ? kNever : random.next() % 1000);
    const auto earliest =
        std::min_element(timers.begin(), timers.end(),
                         [](const auto& x, const auto& y) { return x->at_ns < y->at_ns; });
    ASSERT_EQ(heap.next_ns(), (*earliest)->at_ns);
  }
}

}  // namespace
}  // namespace timerose::bitswap
