// For tests and measurements of the folders above: what a node stands on, a host with a loop and a
// thread of its own.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "mesh/host.h"

namespace timerose::mesh::testing_support {

// A node is derived from it: it calls start() at the end of its constructor, and stop() first in
// its destructor, so that its parts outlive the thread that uses them.
class HostThread {
 public:
  HostThread(const HostThread&) = delete;
  HostThread& operator=(const HostThread&) = delete;

  [[nodiscard]] const PeerId& id() const { return host_->self(); }
  Host& host() { return *host_; }
  EventLoop& loop() { return loop_; }

  // Runs something on the loop, and waits for it.
  template <typename Function>
  auto on_loop(Function function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto result = task.get_future();
    loop_.post([&task] { task(); });
    return result.get();
  }
  // Until `condition` holds on the loop; false after twenty seconds.
  template <typename Condition>
  bool wait_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      if (on_loop(condition)) return true;
      std::this_thread::yield();
    }
    return false;
  }
  // Whether the connection is under way.
  bool connect(const PeerId& other) {
    return on_loop([&] { return host_->connect({other, {}}).ok(); });
  }

 protected:
  explicit HostThread(std::unique_ptr<Host> host) : host_(std::move(host)) {}
  ~HostThread() = default;

  // Hands over the host's events on the loop.
  void start(std::function<void(const Event&)> on_event) {
    watch_ = loop_.watch(host_->event_descriptor(), [this, on_event = std::move(on_event)] {
      events_.clear();
      host_->take_events(events_, kEventsAtOnce);
      for (const Event& event : events_) on_event(event);
    });
    thread_ = std::thread([this] { loop_.run(); });
  }
  // The last thing that is done on the loop.
  void stop(std::function<void()> last) {
    loop_.post(std::move(last));
    loop_.stop();
    thread_.join();
    watch_.reset();
  }

 private:
  static constexpr size_t kEventsAtOnce = 256;

  SystemClock clock_;
  EventLoop loop_{clock_};
  std::unique_ptr<Host> host_;
  std::unique_ptr<EventLoop::Watch> watch_;
  std::vector<Event> events_;
  std::thread thread_;
};

}  // namespace timerose::mesh::testing_support
