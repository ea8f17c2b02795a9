#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>

namespace timerose {
namespace {

TEST(ThreadPool, RunsEveryTask) {
  std::atomic<int> ran = 0;
  ThreadPool pool(3);
  for (int i = 0; i < 1000; ++i) pool.submit([&] { ++ran; });
  pool.wait_idle();
  EXPECT_EQ(ran, 1000);
}

TEST(ThreadPool, OneThreadRunsTasksInTheOrderTheyWereSubmitted) {
  std::vector<int> order;
  ThreadPool pool(1);
  for (int i = 0; i < 100; ++i) pool.submit([&order, i] { order.push_back(i); });
  pool.wait_idle();
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(ThreadPool, HasAsManyThreadsAsAskedFor) {
  EXPECT_EQ(ThreadPool(3).threads(), 3U);
  EXPECT_GE(ThreadPool(0).threads(), 1U);
}

TEST(ThreadPool, RunsTasksAtTheSameTime) {
  std::latch both(2);
  ThreadPool pool(2);
  for (int i = 0; i < 2; ++i) pool.submit([&] { both.arrive_and_wait(); });
  pool.wait_idle();  // would not return if one task waited for the other's thread
}

TEST(ThreadPool, FinishesQueuedTasksBeforeItsEnd) {
  std::atomic<int> ran = 0;
  {
    std::latch start(1);
    ThreadPool pool(1);
    pool.submit([&] { start.wait(); });
    for (int i = 0; i < 10; ++i) pool.submit([&] { ++ran; });
    start.count_down();
  }
  EXPECT_EQ(ran, 10);
}

TEST(ThreadPool, HoldsBackASubmitterWhenTheQueueIsFull) {
  std::latch started(1);
  std::latch release(1);
  std::atomic<bool> submitted = false;
  ThreadPool pool(1, 1);
  pool.submit([&] {
    started.count_down();
    release.wait();
  });
  started.wait();
  pool.submit([] {});  // fills the queue
  std::thread submitter([&] {
    pool.submit([] {});
    submitted = true;
  });
  EXPECT_FALSE(submitted);  // the only slot is taken until the first task is let go
  release.count_down();
  submitter.join();
  EXPECT_TRUE(submitted);
}

TEST(ThreadPool, LetsGoOfWhatATaskHeldBeforeItIsIdle) {
  auto held = std::make_shared<int>(1);
  ThreadPool pool(1);
  pool.submit([held] {});
  pool.wait_idle();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace timerose
