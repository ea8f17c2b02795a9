// What the loop's thread tells a thread that waits for it: any number of items, then the end.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "base/result.h"

namespace timerose::node {

// How long a question waits for its answer, and what ends it sooner.
struct Ask {
  uint64_t timeout_ms = 30'000;
  const std::atomic<bool>* cancel = nullptr;
};

// One asker, any number of tellers, who hold it by a shared pointer: an asker that has given up
// leaves nothing behind. All methods are thread-safe.
template <typename T>
class Channel {
 public:
  explicit Channel(const Ask& ask)
      : ask_(ask), deadline_(Clock::now() + std::chrono::milliseconds(ask.timeout_ms)) {}

  // After end(), nothing more is taken.
  void push(T item) {
    const std::lock_guard lock(mutex_);
    if (!ended_) items_.push_back(std::move(item));
    told_.notify_one();
  }
  void end(Status how = success()) {
    const std::lock_guard lock(mutex_);
    if (!ended_) ended_ = std::move(how);
    told_.notify_one();
  }

  // The next item; nothing at the end, or why it ended. kNotFound after the timeout.
  Result<std::optional<T>> next() {
    std::unique_lock lock(mutex_);
    while (items_.empty() && !ended_) {
      if (ask_.cancel != nullptr && ask_.cancel->load(std::memory_order_relaxed)) {
        return Error{ErrorCode::kCancelled, "the command was cancelled"};
      }
      const auto now = Clock::now();
      if (now >= deadline_) {
        return Error{ErrorCode::kNotFound, fmt::format("no answer within {} ms", ask_.timeout_ms)};
      }
      told_.wait_until(lock, std::min(deadline_, now + kCancelPoll));
    }
    if (!items_.empty()) {
      std::optional<T> item = std::move(items_.front());
      items_.pop_front();
      return item;
    }
    if (!ended_->ok()) return ended_->error();
    return std::optional<T>();
  }

  // The one item of a question that has one.
  Result<T> only() {
    TR_ASSIGN(std::optional<T> item, next());
    if (item) return *std::move(item);
    return Error{ErrorCode::kNotFound, "the question ended without an answer"};
  }

 private:
  using Clock = std::chrono::steady_clock;
  // How long it takes at most to see that the flag was set.
  static constexpr std::chrono::milliseconds kCancelPoll{100};

  const Ask ask_;
  const Clock::time_point deadline_;
  std::mutex mutex_;
  std::condition_variable told_;
  std::deque<T> items_;
  std::optional<Status> ended_;
};

}  // namespace timerose::node
