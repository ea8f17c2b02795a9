// The loop of the I/O thread: the one thread that owns the mutable state of a node's network half.
//
// The thread that calls run() is the loop's. post() and stop() may be called from any thread;
// everything else only on the loop, or while it does not run. Watches and timers end before the
// loop does. A task must not throw.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"

namespace timerose {

class EventLoop {
 public:
  using Task = std::function<void()>;

  // `clock` must outlive it.
  explicit EventLoop(Clock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Until stop(). Tasks run in the order in which they were posted.
  void run();
  // Returns at once, from any thread; tasks that were posted before still run.
  void stop();
  void post(Task task);

  // Calls `on_readable` whenever `descriptor` is readable, until the watch is destroyed.
  class Watch {
   public:
    virtual ~Watch() = default;
  };
  [[nodiscard]] std::unique_ptr<Watch> watch(int descriptor, Task on_readable);

  // One moment in the future, moved as often as one likes.
  class Timer {
   public:
    virtual ~Timer() = default;
    // Nanoseconds of Clock::monotonic_ns(); replaces the moment set before. UINT64_MAX: never.
    virtual void set(uint64_t at_ns) = 0;
  };
  [[nodiscard]] std::unique_ptr<Timer> timer(Task on_time);

  [[nodiscard]] uint64_t now_ns() { return clock_.monotonic_ns(); }

 private:
  struct Parts;
  Clock& clock_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace timerose
