#include "scheduler/execute/guest_threads.h"

#include <algorithm>
#include <utility>

namespace timerose::scheduler::execute {

GuestThreads::GuestThreads(size_t threads, size_t threads_max)
    : extra_max_(threads_max - std::min(threads, threads_max)) {
  few_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) few_.emplace_back([this]() noexcept { run(); });
  watcher_ = std::thread([this]() noexcept { watch(); });
}

GuestThreads::~GuestThreads() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  watched_.notify_all();
  watcher_.join();
  submitted_.notify_all();
  extra_wanted_.notify_all();
  for (std::thread& thread : few_) thread.join();
  for (std::thread& thread : extra_) thread.join();
}

void GuestThreads::submit(Task task) {
  bool wake_watcher = false;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(task), Clock::now()});
    wake_watcher = std::exchange(watcher_sleeps_, false);
  }
  submitted_.notify_one();
  if (wake_watcher) watched_.notify_one();
}

void GuestThreads::wait_idle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return queue_.empty() && running_ == 0; });
}

void GuestThreads::run_first(std::unique_lock<std::mutex>& lock) {
  Task task = std::move(queue_.front().task);
  queue_.pop_front();
  ++running_;
  lock.unlock();
  task();
  task = nullptr;  // what it holds is let go before it counts as done
  lock.lock();
  if (--running_ == 0 && queue_.empty()) idle_.notify_all();
}

void GuestThreads::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    submitted_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    run_first(lock);
  }
}

// Called for one task that waited; goes on while there are more.
void GuestThreads::run_extra() {
  std::unique_lock lock(mutex_);
  while (true) {
    while (!queue_.empty()) run_first(lock);
    if (stopping_) return;
    ++extra_idle_;
    extra_wanted_.wait(lock, [this] { return stopping_ || extra_called_ > 0; });
    --extra_idle_;
    if (extra_called_ > 0) --extra_called_;
  }
}

void GuestThreads::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      watcher_sleeps_ = true;
      watched_.wait(lock, [this] { return stopping_ || !watcher_sleeps_; });
      continue;
    }
    const Clock::time_point due = queue_.front().since + kPatience;
    if (Clock::now() >= due) add_extra();
    // A thread that was called has its task by then.
    watched_.wait_until(lock, std::max(due, Clock::now() + kPatience),
                        [this] { return stopping_; });
  }
}

void GuestThreads::add_extra() {
  if (extra_idle_ > extra_called_) {
    ++extra_called_;
    extra_wanted_.notify_one();
  } else if (extra_.size() < extra_max_) {
    extra_.emplace_back([this]() noexcept { run_extra(); });
  }
}

}  // namespace timerose::scheduler::execute
