// Time comes in by constructor: code that needs it takes a Clock&.
#pragma once

#include <cstdint>

namespace timerose {

class Clock {
 public:
  virtual ~Clock() = default;
  // Nanoseconds since 1970-01-01 UTC; may jump.
  virtual uint64_t unix_ns() = 0;
  // Nanoseconds since some fixed moment; never goes back.
  virtual uint64_t monotonic_ns() = 0;
};

// The machine's own clock. Thread-safe.
class SystemClock final : public Clock {
 public:
  uint64_t unix_ns() override;
  uint64_t monotonic_ns() override;
};

// A clock that stands still until it is moved: for tests and the simulator.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(uint64_t start_ns = 0) : now_ns_(start_ns) {}
  uint64_t unix_ns() override { return now_ns_; }
  uint64_t monotonic_ns() override { return now_ns_; }
  void advance_ns(uint64_t by_ns) { now_ns_ += by_ns; }

 private:
  uint64_t now_ns_;
};

}  // namespace timerose
