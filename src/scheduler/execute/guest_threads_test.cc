#include "scheduler/execute/guest_threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <set>

namespace timerose::scheduler::execute {
namespace {

constexpr std::chrono::seconds kLong{20};

// Tasks that go on until they are let go.
struct Gate {
  std::promise<void> opened;
  std::shared_future<void> is_open = opened.get_future().share();
};

TEST(GuestThreads, RunsATaskThoughAllOfTheFewThreadsAreTaken) {
  Gate gate;
  GuestThreads threads(2, 8);
  for (int i = 0; i < 5; ++i) threads.submit([open = gate.is_open] { open.wait(); });
  std::promise<void> ran;
  threads.submit([&] { ran.set_value(); });
  EXPECT_EQ(ran.get_future().wait_for(kLong), std::future_status::ready);
  gate.opened.set_value();
  threads.wait_idle();
}

TEST(GuestThreads, StartsNoMoreThanItMay) {
  Gate gate;
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  {
    GuestThreads threads(1, 3);
    for (int i = 0; i < 200; ++i) {
      threads.submit([&, open = gate.is_open] {
        most = std::max<int>(most, ++running);
        open.wait();
        --running;
      });
    }
    const auto end = std::chrono::steady_clock::now() + kLong;
    while (running < 3 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    gate.opened.set_value();
  }
  EXPECT_EQ(most, 3);
}

TEST(GuestThreads, CallsAnIdleThreadBeforeItStartsAnother) {
  GuestThreads threads(1, 64);
  std::mutex mutex;
  std::set<std::thread::id> ids;
  for (int round = 0; round < 5; ++round) {
    Gate gate;
    for (int i = 0; i < 2; ++i) {
      threads.submit([&, open = gate.is_open] {
        {
          const std::lock_guard lock(mutex);
          ids.insert(std::this_thread::get_id());
        }
        open.wait();
      });
    }
    std::promise<void> ran;
    threads.submit([&] { ran.set_value(); });
    ASSERT_EQ(ran.get_future().wait_for(kLong), std::future_status::ready);
    gate.opened.set_value();
    threads.wait_idle();
  }
  EXPECT_LE(ids.size(), 4U);
}

TEST(GuestThreads, RunsAllThatWasSubmittedBeforeItEnds) {
  std::atomic<int> ran{0};
  {
    GuestThreads threads(2, 4);
    for (int i = 0; i < 1000; ++i) threads.submit([&] { ++ran; });
  }
  EXPECT_EQ(ran, 1000);
}

}  // namespace
}  // namespace timerose::scheduler::execute
