#include "exchange/job_queue.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace timerose::exchange {

// Outlives the queue in tasks that the loop has not run yet.
struct JobQueue::Shared {
  bool ended = false;  // of the loop's thread
  std::mutex mutex;
  std::condition_variable idle;
  size_t on_pool = 0;
};

JobQueue::JobQueue(EventLoop& loop, ThreadPool& pool)
    : loop_(loop), pool_(pool), shared_(std::make_shared<Shared>()) {}

JobQueue::~JobQueue() {
  shared_->ended = true;
  std::unique_lock lock(shared_->mutex);
  shared_->idle.wait(lock, [this] { return shared_->on_pool == 0; });
}

void JobQueue::run(Job job) {
  if (running_ < kJobsOfThreadMax * pool_.threads()) {
    start(std::move(job));
  } else {
    waiting_.push_back(std::move(job));
  }
}

void JobQueue::start(Job job) {
  ++running_;
  {
    const std::lock_guard lock(shared_->mutex);
    ++shared_->on_pool;
  }
  pool_.submit([this, shared = shared_, job = std::move(job)]() mutable {
    Then then = job();
    job = nullptr;
    loop_.post([this, shared, then = std::move(then)] {
      if (!shared->ended) ended(then);
    });
    const std::lock_guard lock(shared->mutex);
    if (--shared->on_pool == 0) shared->idle.notify_all();
  });
}

void JobQueue::ended(const Then& then) {
  --running_;
  if (!waiting_.empty()) {
    Job next = std::move(waiting_.front());
    waiting_.pop_front();
    start(std::move(next));
  }
  if (then) then();
}

}  // namespace timerose::exchange
