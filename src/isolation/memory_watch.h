// How much memory workers hold together: who must end when it is too much, and a thread that looks.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace timerose::isolation {

// A worker that runs a call.
struct Holding {
  uint64_t worker = 0;
  std::string_view requester;
  uint64_t bytes = 0;
};

// Who must end so that the others hold `bytes_max` at most: of the requester that holds most, the
// worker that does, again and again. So who has many workers, or large ones, takes no memory that
// others need.
std::vector<uint64_t> who_must_end(std::vector<Holding> all, uint64_t bytes_max);

// Calls a function at a pace while there is something to look at, in a thread of its own: one that
// never waits for a worker.
class MemoryWatch {
 public:
  // A processor fills a tenth of a GiB in this time, or two.
  static constexpr std::chrono::milliseconds kPace{50};

  // `look` says whether it is to be called again.
  explicit MemoryWatch(std::function<bool()> look);
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  // There is something to look at. From any thread; costs nothing while it looks.
  void wake();

 private:
  void run();
  bool sleep();

  const std::function<bool()> look_;
  std::atomic<bool> wanted_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace timerose::isolation
