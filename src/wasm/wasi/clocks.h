// Virtual clocks: they start from a constant, move a fixed step at each reading and the whole of a
// wait at a sleep, and know nothing of the machine's time.
#pragma once

#include <cstdint>
#include <optional>

namespace timerose::wasi {

class VirtualClocks {
 public:
  static constexpr uint64_t kRealtimeStartNs = 946'684'800ULL * 1'000'000'000;  // 2000-01-01 UTC
  static constexpr uint64_t kMonotonicStartNs = 1'000'000'000;  // some runtimes take 0 for "unset"
  static constexpr uint64_t kStepNs = 1'000;             // at each reading; also the resolution
  static constexpr uint64_t kElapsedNsMax = 1ULL << 62;  // then time stands still

  enum class Id : uint32_t { kRealtime = 0, kMonotonic = 1, kProcessCpu = 2, kThreadCpu = 3 };
  static constexpr uint32_t kIds = 4;

  // Moves one step and tells the time.
  uint64_t read(Id id) {
    worked_ns_ = saturating_add(worked_ns_, kStepNs);
    elapsed_ns_ = saturating_add(elapsed_ns_, kStepNs);
    return now(id);
  }

  // Tells the time without moving it: what files are stamped with.
  [[nodiscard]] uint64_t now(Id id) const {
    switch (id) {
      case Id::kRealtime:
        return kRealtimeStartNs + elapsed_ns_;
      case Id::kMonotonic:
        return kMonotonicStartNs + elapsed_ns_;
      case Id::kProcessCpu:
      case Id::kThreadCpu:
        return worked_ns_;  // a sleep uses no processor
    }
    return 0;
  }

  // A sleep of this length, over at once.
  void wait(uint64_t ns) { elapsed_ns_ = saturating_add(elapsed_ns_, ns); }

 private:
  static uint64_t saturating_add(uint64_t a, uint64_t b) {
    return b > kElapsedNsMax - a ? kElapsedNsMax : a + b;
  }
  uint64_t elapsed_ns_ = 0;
  uint64_t worked_ns_ = 0;
};

}  // namespace timerose::wasi
