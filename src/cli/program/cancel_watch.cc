#include "cli/program/cancel_watch.h"

#include <chrono>

namespace timerose::cli {

CancelWatch::CancelWatch(const Streams& streams, wasm::Cancellation& guest) {
  if (streams.cancelled == nullptr) return;
  thread_ =
      std::thread([this, &cancelled = *streams.cancelled, &guest] { watch(cancelled, guest); });
}

CancelWatch::~CancelWatch() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ending_.notify_one();
  thread_.join();
}

void CancelWatch::watch(const CancelFlag& cancelled, wasm::Cancellation& guest) {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    if (cancelled.load(std::memory_order_relaxed)) return guest.cancel();
    ending_.wait_for(lock, std::chrono::milliseconds(kPeriodMs));
  }
}

}  // namespace timerose::cli
