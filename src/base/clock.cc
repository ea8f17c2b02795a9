#include "base/clock.h"

#include <ctime>

namespace timerose {
namespace {

uint64_t read_ns(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

uint64_t SystemClock::unix_ns() { return read_ns(CLOCK_REALTIME); }
uint64_t SystemClock::monotonic_ns() { return read_ns(CLOCK_MONOTONIC); }

}  // namespace timerose
