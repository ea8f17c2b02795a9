#include "wasm/deadline.h"

namespace timerose::wasm {

namespace {
// A guest whose deadline has passed may be inside a host function when the epoch is bumped, or
// another guest's check may come first: bump again after this while, until it is gone.
constexpr std::chrono::milliseconds kBumpAgainAfter(2);
}  // namespace

Deadlines::Deadlines(std::function<void()> bump) : bump_(std::move(bump)) {}

Deadlines::~Deadlines() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Deadlines::Armed::Armed(Deadlines& deadlines, std::chrono::milliseconds after)
    : deadlines_(deadlines), when_(std::chrono::steady_clock::now() + after) {
  const std::lock_guard lock(deadlines_.mutex_);
  place_ = deadlines_.armed_.insert(when_);
  if (!deadlines_.thread_.joinable()) {
    deadlines_.thread_ = std::thread([&all = deadlines_] { all.watch(); });
  } else if (place_ == deadlines_.armed_.begin()) {
    deadlines_.changed_.notify_one();
  }
}

Deadlines::Armed::~Armed() {
  const std::lock_guard lock(deadlines_.mutex_);
  deadlines_.armed_.erase(place_);
}

void Deadlines::watch() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (armed_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Time next = *armed_.begin();
    const Time now = std::chrono::steady_clock::now();
    if (next > now) {
      changed_.wait_until(lock, next);
      continue;
    }
    bump_();
    changed_.wait_for(lock, kBumpAgainAfter);
  }
}

}  // namespace timerose::wasm
