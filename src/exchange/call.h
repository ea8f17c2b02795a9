// One question that a thread asked the loop: the thread waits here for what comes of it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "exchange/exchange.h"

namespace timerose::exchange {

class Call {
 public:
  // --- Of the loop ---
  void end(Status status, SharedBytes block = {}) {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    status_ = std::move(status);
    block_ = std::move(block);
    changed_.notify_all();
  }
  void report(const FetchProgress& progress) {
    const std::lock_guard lock(mutex_);
    progress_ = progress;
    progressed_ = true;
    changed_.notify_all();
  }

  // --- Of the thread that waits ---
  // Until the end, until something has happened, or for `wait`. Whether it has ended.
  bool wait(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, wait, [this] { return status_ || progressed_; });
    return status_.has_value();
  }
  // What was reported since the last time.
  std::optional<FetchProgress> take_progress() {
    const std::lock_guard lock(mutex_);
    return std::exchange(progressed_, false) ? std::optional(progress_) : std::nullopt;
  }
  // After the end.
  Status take_status() { return std::move(*status_); }
  SharedBytes take_block() { return std::move(block_); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Status> status_;
  SharedBytes block_;
  FetchProgress progress_;
  bool progressed_ = false;
};

}  // namespace timerose::exchange
