// Threads that run guests. Small calls are fastest on a few threads, one for each processor; but a
// guest that goes on for long must not keep others from running. So a task that waits though every
// thread is taken gets one more thread, up to a limit, and the system shares the processors.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace timerose::scheduler::execute {

// All methods are thread-safe. A task must not throw, and must not wait for these threads.
class GuestThreads {
 public:
  using Task = std::function<void()>;
  using Clock = std::chrono::steady_clock;
  // How long a task waits for one of the few threads.
  static constexpr std::chrono::milliseconds kPatience{10};

  GuestThreads(size_t threads, size_t threads_max);
  // Runs what was submitted, then joins.
  ~GuestThreads();
  GuestThreads(const GuestThreads&) = delete;
  GuestThreads& operator=(const GuestThreads&) = delete;

  void submit(Task task);
  // Returns at a moment when no task waits or runs.
  void wait_idle();

 private:
  struct Waiting {
    Task task;
    Clock::time_point since;
  };

  void run();
  void run_extra();
  void watch();
  void run_first(std::unique_lock<std::mutex>& lock);
  void add_extra();

  const size_t extra_max_;
  std::mutex mutex_;  // of what follows, up to few_
  std::condition_variable submitted_;
  std::condition_variable extra_wanted_;
  std::condition_variable watched_;
  std::condition_variable idle_;
  std::deque<Waiting> queue_;
  size_t running_ = 0;
  size_t extra_idle_ = 0;
  size_t extra_called_ = 0;  // of these, who are to look for work
  bool watcher_sleeps_ = false;
  bool stopping_ = false;
  std::vector<std::thread> extra_;  // of the watcher's thread, and the destructor after it
  std::vector<std::thread> few_;
  std::thread watcher_;
};

}  // namespace timerose::scheduler::execute
