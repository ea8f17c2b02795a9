#include "names/republisher.h"

#include <algorithm>
#include <chrono>

namespace timerose::names {
namespace {

// After a failure of the store.
constexpr uint64_t kFailureWaitNs = 60ULL * 1'000'000'000;
// Nothing is looked at more often than this, however many peers come, nor more seldom: what was
// published meanwhile may be due soon.
constexpr std::chrono::seconds kPauseMin{1};
constexpr uint64_t kLookEveryNs = 60ULL * 1'000'000'000;

}  // namespace

Republisher::Republisher(NameService& service, Clock& clock, NameService::KeyOf key_of,
                         std::function<void(const std::string&)> complain)
    : service_(service),
      clock_(clock),
      key_of_(std::move(key_of)),
      complain_(std::move(complain)),
      thread_([this] { run(); }) {}

Republisher::~Republisher() {
  stopping_ = true;
  {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  thread_.join();
}

void Republisher::look_again() {
  const std::lock_guard lock(mutex_);
  look_again_ = true;
  changed_.notify_all();
}

void Republisher::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    look_again_ = false;
    lock.unlock();
    auto next_ns = service_.republish_due(key_of_, &stopping_);
    if (!next_ns.ok()) complain_("publishing names again: " + next_ns.error().message);
    const uint64_t now_ns = clock_.monotonic_ns();
    const uint64_t at_ns = next_ns.ok() ? *next_ns : now_ns + kFailureWaitNs;
    const uint64_t wait_ns = at_ns > now_ns ? at_ns - now_ns : 0;
    lock.lock();
    changed_.wait_for(lock, kPauseMin, [&] { return stopping_.load(); });
    changed_.wait_for(lock, std::chrono::nanoseconds(std::min(wait_ns, kLookEveryNs)),
                      [&] { return look_again_ || stopping_; });
  }
}

}  // namespace timerose::names
