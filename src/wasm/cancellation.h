// The wish that a call should end, from any thread, before it runs or while it does.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace timerose::wasm {

// Thread-safe. Must outlive the calls that it was given to; one call at a time.
class Cancellation {
 public:
  void cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (on_cancel_) on_cancel_();
  }
  [[nodiscard]] bool is_cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }

  // For as long as it lives, cancel() calls `on_cancel`; at once if it was called before.
  class Attached {
   public:
    Attached(Cancellation& cancellation, std::function<void()> on_cancel)
        : cancellation_(cancellation) {
      const std::lock_guard lock(cancellation_.mutex_);
      cancellation_.on_cancel_ = std::move(on_cancel);
      if (cancellation_.cancelled_) cancellation_.on_cancel_();
    }
    ~Attached() {
      const std::lock_guard lock(cancellation_.mutex_);
      cancellation_.on_cancel_ = nullptr;
    }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

   private:
    Cancellation& cancellation_;
  };

 private:
  mutable std::mutex mutex_;
  bool cancelled_ = false;
  std::function<void()> on_cancel_;
};

}  // namespace timerose::wasm
