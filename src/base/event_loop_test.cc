#include "base/event_loop.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>
#include <vector>

namespace timerose {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;

class EventLoopTest : public ::testing::Test {
 protected:
  SystemClock clock_;
  EventLoop loop_{clock_};
};

TEST_F(EventLoopTest, RunsTasksInTheOrderInWhichTheyWerePosted) {
  std::vector<int> seen;
  for (int i = 0; i < 100; ++i) loop_.post([&seen, i] { seen.push_back(i); });
  loop_.stop();
  loop_.post([&seen] { seen.push_back(-1); });
  loop_.run();
  ASSERT_EQ(seen.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[i], i);
}

TEST_F(EventLoopTest, RunsAgainAfterItWasStopped) {
  int runs = 0;
  for (int i = 0; i < 2; ++i) {
    loop_.post([&] { ++runs; });
    loop_.stop();
    loop_.run();
  }
  EXPECT_EQ(runs, 2);
}

TEST_F(EventLoopTest, TakesTasksFromOtherThreads) {
  int sum = 0;  // of the loop's thread alone
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        loop_.post([&] {
          if (++sum == 4000) loop_.stop();
        });
      }
    });
  }
  loop_.run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, 4000);
}

TEST_F(EventLoopTest, CallsAWatchForAsLongAsItsDescriptorIsReadable) {
  const int fd = eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE);
  int calls = 0;
  const auto watch = loop_.watch(fd, [&] {
    uint64_t one = 0;
    ASSERT_EQ(read(fd, &one, sizeof one), ssize_t{sizeof one});
    if (++calls == 2) loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(calls, 2);
  close(fd);
}

TEST_F(EventLoopTest, AWatchMayBeEndedByItsOwnCallAndLeavesTheDescriptorOpen) {
  const int fd = eventfd(1, EFD_NONBLOCK);
  int calls = 0;
  std::unique_ptr<EventLoop::Watch> watch = loop_.watch(fd, [&] {
    ++calls;
    watch.reset();
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(close(fd), 0);
}

TEST_F(EventLoopTest, ATimerComesAtItsLatestMoment) {
  uint64_t came_ns = 0;
  const auto timer = loop_.timer([&] {
    came_ns = loop_.now_ns();
    loop_.stop();
  });
  const uint64_t start_ns = loop_.now_ns();
  timer->set(start_ns + kMillisecond);
  timer->set(start_ns + 20 * kMillisecond);
  loop_.run();
  EXPECT_GE(came_ns, start_ns + 20 * kMillisecond);

  timer->set(came_ns + 3600'000 * kMillisecond);
  timer->set(came_ns + kMillisecond);
  loop_.run();
  EXPECT_GE(came_ns, start_ns + 21 * kMillisecond);
}

TEST_F(EventLoopTest, ATimerThatIsSetToNeverDoesNotCome) {
  const auto never = loop_.timer([] { FAIL(); });
  never->set(loop_.now_ns() + kMillisecond);
  never->set(UINT64_MAX);
  const auto later = loop_.timer([&] { loop_.stop(); });
  later->set(loop_.now_ns() + 5 * kMillisecond);
  loop_.run();
}

TEST_F(EventLoopTest, ATimerMaySetItself) {
  int calls = 0;
  std::unique_ptr<EventLoop::Timer> timer = loop_.timer([&] {
    if (++calls == 3) return loop_.stop();
    timer->set(loop_.now_ns());
  });
  timer->set(0);
  loop_.run();
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace timerose
