// For tests: spans of time, in nanoseconds as they are written there.
#pragma once

#include "base/duration.h"

namespace timerose::scheduler::execute {

inline constexpr uint64_t kMs = kNsPerMs;
inline constexpr uint64_t kSecond = kNsPerSecond;

}  // namespace timerose::scheduler::execute
