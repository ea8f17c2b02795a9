// Work that may block, done on a pool; what comes of it goes on on the loop.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "base/thread_pool.h"

namespace timerose::exchange {

// Of the loop's thread. The jobs start in the order given; at most kJobsOfThreadMax a thread are
// with the pool at a time, so that the loop never waits for it.
class JobQueue {
 public:
  using Then = std::function<void()>;  // on the loop
  using Job = std::function<Then()>;   // on the pool; touches nothing of the loop's

  static constexpr size_t kJobsOfThreadMax = 2;

  JobQueue(EventLoop& loop, ThreadPool& pool);
  // Waits for the jobs that run. What they would have done on the loop is not done.
  ~JobQueue();
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  void run(Job job);

 private:
  struct Shared;
  void start(Job job);
  void ended(const Then& then);

  EventLoop& loop_;
  ThreadPool& pool_;
  std::deque<Job> waiting_;
  size_t running_ = 0;
  std::shared_ptr<Shared> shared_;
};

}  // namespace timerose::exchange
