// The thread that starts worker processes (the system ends them with it) and hears at once when one
// has ended.
#pragma once

#include <sys/types.h>

#include <functional>
#include <future>
#include <list>
#include <memory>
#include <thread>

#include "base/event_loop.h"
#include "base/file.h"

namespace timerose::isolation {

class Attendant {
 public:
  // `tend` is called in the thread when a watched process has ended, and every `pace_ns` while
  // there are any.
  Attendant(Clock& clock, std::function<void()> tend, uint64_t pace_ns);
  // Joins. No work may be under way.
  ~Attendant();
  Attendant(const Attendant&) = delete;
  Attendant& operator=(const Attendant&) = delete;

  // What `work` gives, in the thread. From any other one.
  template <typename Work>
  auto carry_out(Work work) {
    const auto task = std::make_shared<std::packaged_task<decltype(work())()>>(std::move(work));
    loop_.post([task] { (*task)(); });
    return task->get_future().get();
  }
  // Of a child of this process that nobody has waited for yet. In the thread, so from work alone.
  // A system that cannot watch processes (Linux before 5.3) leaves it to the pace.
  void watch(pid_t process);

 private:
  struct Watched {
    FileDescriptor process;
    std::unique_ptr<EventLoop::Watch> watch;
  };
  void tend_again();

  const std::function<void()> tend_;
  const uint64_t pace_ns_;
  EventLoop loop_;
  std::unique_ptr<EventLoop::Timer> timer_;
  std::list<Watched> watched_;
  std::thread thread_;
};

}  // namespace timerose::isolation
