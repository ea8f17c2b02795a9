#include "isolation/memory_watch.h"

#include <algorithm>
#include <map>
#include <utility>

namespace timerose::isolation {

std::vector<uint64_t> who_must_end(std::vector<Holding> all, uint64_t bytes_max) {
  std::map<std::string_view, uint64_t> of_requester;
  uint64_t together = 0;
  for (const Holding& one : all) {
    of_requester[one.requester] += one.bytes;
    together += one.bytes;
  }
  std::vector<uint64_t> ending;
  while (together > bytes_max) {
    const auto worst = std::ranges::max_element(all, {}, [&](const Holding& one) {
      return std::pair(of_requester.at(one.requester), one.bytes);
    });
    ending.push_back(worst->worker);
    of_requester.at(worst->requester) -= worst->bytes;
    together -= worst->bytes;
    all.erase(worst);
  }
  return ending;
}

MemoryWatch::MemoryWatch(std::function<bool()> look)
    : look_(std::move(look)), thread_([this]() noexcept { run(); }) {}

MemoryWatch::~MemoryWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void MemoryWatch::wake() {
  if (wanted_.exchange(true)) return;
  {
    const std::lock_guard lock(mutex_);
  }  // it waits already, or sees what was set
  changed_.notify_one();
}

// Until there is something to look at; false: it is to end.
bool MemoryWatch::sleep() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || wanted_; });
  wanted_ = false;
  return !stopping_;
}

void MemoryWatch::run() {
  while (sleep()) {
    do {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, kPace, [this] { return stopping_; })) return;
    } while (look_());
  }
}

}  // namespace timerose::isolation
