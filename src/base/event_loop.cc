#include "base/event_loop.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "base/check.h"

namespace timerose {
namespace {

namespace asio = boost::asio;

// What a watch's handler holds on to, as it may run after the watch is gone.
struct WatchState : std::enable_shared_from_this<WatchState> {
  WatchState(asio::io_context& context, int fd, EventLoop::Task task)
      : descriptor(context, fd), on_readable(std::move(task)) {}

  void wait() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (error || self->ended) return;
                            self->on_readable();
                            if (!self->ended) self->wait();
                          });
  }

  asio::posix::stream_descriptor descriptor;
  EventLoop::Task on_readable;
  bool ended = false;
};

class AsioWatch final : public EventLoop::Watch {
 public:
  explicit AsioWatch(std::shared_ptr<WatchState> state) : state_(std::move(state)) {
    state_->wait();
  }
  ~AsioWatch() override {
    state_->ended = true;
    state_->descriptor.release();  // it is the caller's: not to be closed
  }

 private:
  std::shared_ptr<WatchState> state_;
};

struct TimerState : std::enable_shared_from_this<TimerState> {
  TimerState(asio::io_context& context, Clock& of, EventLoop::Task task)
      : timer(context), clock(of), on_time(std::move(task)) {}

  // The system's timer is left alone when the moment moves back: it looks again when it wakes.
  void set(uint64_t at_ns) {
    wanted_ns = at_ns;
    if (at_ns < armed_ns) arm();
  }

  void arm() {
    armed_ns = wanted_ns;
    const uint64_t now = clock.monotonic_ns();
    // Far moments are cut to what the system's clock can add without overflow.
    const uint64_t wait_ns = std::min(armed_ns > now ? armed_ns - now : 0, kWaitNsMax);
    timer.expires_after(std::chrono::nanoseconds(wait_ns));
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && !self->ended) self->wake();
    });
  }

  void wake() {
    armed_ns = UINT64_MAX;
    if (wanted_ns == UINT64_MAX) return;
    if (clock.monotonic_ns() < wanted_ns) return arm();
    wanted_ns = UINT64_MAX;
    on_time();
  }

  static constexpr uint64_t kWaitNsMax = 24ULL * 3600 * 1'000'000'000;

  asio::steady_timer timer;
  Clock& clock;
  EventLoop::Task on_time;
  uint64_t wanted_ns = UINT64_MAX;
  uint64_t armed_ns = UINT64_MAX;  // the moment at which the system's timer wakes us
  bool ended = false;
};

class AsioTimer final : public EventLoop::Timer {
 public:
  explicit AsioTimer(std::shared_ptr<TimerState> state) : state_(std::move(state)) {}
  ~AsioTimer() override {
    state_->ended = true;
    state_->timer.cancel();
  }
  void set(uint64_t at_ns) override { state_->set(at_ns); }

 private:
  std::shared_ptr<TimerState> state_;
};

}  // namespace

struct EventLoop::Parts {
  asio::io_context context{1};  // run by one thread
};

EventLoop::EventLoop(Clock& clock) : clock_(clock), parts_(std::make_unique<Parts>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
  const auto work = asio::make_work_guard(parts_->context);
  parts_->context.restart();
  parts_->context.run();
}

void EventLoop::stop() {
  asio::post(parts_->context, [this] { parts_->context.stop(); });
}

void EventLoop::post(Task task) { asio::post(parts_->context, std::move(task)); }

std::unique_ptr<EventLoop::Watch> EventLoop::watch(int descriptor, Task on_readable) {
  CHECK(descriptor >= 0);
  return std::make_unique<AsioWatch>(
      std::make_shared<WatchState>(parts_->context, descriptor, std::move(on_readable)));
}

std::unique_ptr<EventLoop::Timer> EventLoop::timer(Task on_time) {
  return std::make_unique<AsioTimer>(
      std::make_shared<TimerState>(parts_->context, clock_, std::move(on_time)));
}

}  // namespace timerose
