// Ends a guest whose client has gone.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "cli/program/streams.h"
#include "wasm/cancellation.h"

namespace timerose::cli {

// While it lives, the cancellation of `streams` cancels `guest` within kPeriodMs. Both must outlive
// it. Where nobody can cancel the command it does nothing.
class CancelWatch {
 public:
  static constexpr int kPeriodMs = 50;

  CancelWatch(const Streams& streams, wasm::Cancellation& guest);
  ~CancelWatch();
  CancelWatch(const CancelWatch&) = delete;

 private:
  void watch(const CancelFlag& cancelled, wasm::Cancellation& guest);

  std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace timerose::cli
