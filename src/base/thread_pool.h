// A fixed number of threads that run tasks in the order they were submitted.
//
// A task must not throw: one that does ends the process. A task must not submit to its own pool nor
// wait for it: it could wait for itself. All methods are otherwise thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace timerose {

class ThreadPool {
 public:
  using Task = std::function<void()>;

  // `threads` of 0 means one for each processor. At most `queued_max` tasks wait; so a producer
  // that is faster than the threads is held back, and the data its tasks hold stays bounded.
  explicit ThreadPool(size_t threads = 0, size_t queued_max = kQueuedMaxDefault);
  // Runs what was submitted, then joins.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Blocks while the queue is full.
  void submit(Task task);
  // Returns at a moment when no task is queued or running.
  void wait_idle();
  [[nodiscard]] size_t threads() const { return threads_.size(); }

  static constexpr size_t kQueuedMaxDefault = 1024;

 private:
  void run();

  const size_t queued_max_;
  std::mutex mutex_;  // of what follows, up to threads_
  std::condition_variable task_queued_;
  std::condition_variable task_taken_;
  std::condition_variable idle_;
  std::deque<Task> queue_;
  size_t running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace timerose
