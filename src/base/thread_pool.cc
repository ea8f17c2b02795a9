#include "base/thread_pool.h"

#include <algorithm>
#include <utility>

namespace timerose {

ThreadPool::ThreadPool(size_t threads, size_t queued_max)
    : queued_max_(std::max<size_t>(queued_max, 1)) {
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this]() noexcept { run(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  task_queued_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::submit(Task task) {
  {
    std::unique_lock lock(mutex_);
    task_taken_.wait(lock, [this] { return queue_.size() < queued_max_; });
    queue_.push_back(std::move(task));
  }
  task_queued_.notify_one();
}

void ThreadPool::wait_idle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return queue_.empty() && running_ == 0; });
}

void ThreadPool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    task_queued_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    lock.unlock();
    task_taken_.notify_one();
    task();
    task = nullptr;  // what it holds is let go before it counts as done
    lock.lock();
    if (--running_ == 0 && queue_.empty()) idle_.notify_all();
  }
}

}  // namespace timerose
