#include "isolation/memory_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

namespace timerose::isolation {
namespace {

using Workers = std::vector<uint64_t>;

TEST(MemoryWatch, EndsNobodyWhileThereIsRoom) {
  EXPECT_EQ(who_must_end({}, 0), Workers{});
  EXPECT_EQ(who_must_end({{1, "a", 6}, {2, "b", 4}}, 10), Workers{});
}

TEST(MemoryWatch, EndsTheLargestOfTheRequesterThatHoldsMost) {
  // b has the largest of all, but a has more.
  EXPECT_EQ(who_must_end({{1, "a", 4}, {2, "b", 6}, {3, "a", 5}}, 14), Workers{3});
  EXPECT_EQ(who_must_end({{1, "a", 4}, {2, "b", 6}, {3, "a", 5}}, 9), (Workers{3, 2}));
  EXPECT_EQ(who_must_end({{1, "a", 4}, {2, "b", 6}, {3, "a", 5}}, 3), (Workers{3, 2, 1}));
}

TEST(MemoryWatch, ManyWorkersOfOneTakeNothingFromAnother) {
  std::vector<Holding> all{{0, "small", 1000}};
  for (uint64_t worker = 1; worker <= 100; ++worker) all.push_back({worker, "many", 500});
  const Workers ending = who_must_end(all, 2000);
  EXPECT_EQ(ending.size(), 98U);
  EXPECT_EQ(std::ranges::count(ending, 0U), 0);
}

TEST(MemoryWatch, LooksAgainAsLongAsItIsToldTo) {
  int looks = 0;
  std::promise<void> done;
  MemoryWatch watch([&] {
    if (++looks < 3) return true;
    done.set_value();
    return false;
  });
  watch.wake();
  done.get_future().wait();
  EXPECT_EQ(looks, 3);
}

TEST(MemoryWatch, IsWokenAgain) {
  std::atomic<int> looks = 0;
  MemoryWatch watch([&] {
    ++looks;
    looks.notify_all();
    return false;
  });
  for (int times = 0; times < 3; ++times) {
    watch.wake();
    looks.wait(times);
  }
  EXPECT_EQ(looks, 3);
}

}  // namespace
}  // namespace timerose::isolation
