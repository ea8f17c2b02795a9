// Virtual time: what happens, in the order of its time, then of its making. Nothing here waits.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "base/check.h"

namespace timerose::sim {

inline constexpr uint64_t kMicrosecond = 1'000;
inline constexpr uint64_t kMillisecond = 1'000'000;
inline constexpr uint64_t kSecond = 1'000'000'000;

class EventQueue {
 public:
  using Action = std::function<void()>;

  [[nodiscard]] uint64_t now_ns() const { return now_ns_; }
  [[nodiscard]] uint64_t events_run() const { return events_run_; }
  [[nodiscard]] size_t waiting() const { return queue_.size(); }

  // A moment that has passed already is now.
  void at(uint64_t time_ns, Action action) {
    queue_.push({.time_ns = time_ns < now_ns_ ? now_ns_ : time_ns,
                 .number = next_number_++,
                 .action = std::move(action)});
  }
  void after(uint64_t delay_ns, Action action) { at(now_ns_ + delay_ns, std::move(action)); }

  // Runs the next event; false if there is none.
  bool run_one() {
    if (queue_.empty()) return false;
    // The queue gives no way to move out of it; the entry goes at once.
    Action action = std::move(const_cast<Entry&>(queue_.top()).action);
    CHECK(queue_.top().time_ns >= now_ns_);
    now_ns_ = queue_.top().time_ns;
    queue_.pop();
    ++events_run_;
    action();
    return true;
  }

 private:
  struct Entry {
    uint64_t time_ns;
    uint64_t number;
    Action action;
    bool operator<(const Entry& other) const {
      return time_ns != other.time_ns ? time_ns > other.time_ns : number > other.number;
    }
  };

  std::priority_queue<Entry> queue_;
  uint64_t now_ns_ = kSecond;  // not 0, which some take for never
  uint64_t next_number_ = 0;
  uint64_t events_run_ = 0;
};

}  // namespace timerose::sim
