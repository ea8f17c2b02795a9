// Units of time. Durations are kept in nanoseconds, those that are estimated in seconds.
#pragma once

#include <cstdint>

namespace timerose {

inline constexpr uint64_t kNsPerMs = 1'000'000;
inline constexpr uint64_t kNsPerSecond = 1'000'000'000;
inline constexpr uint64_t kNsPerMinute = 60 * kNsPerSecond;
inline constexpr uint64_t kMicrosPerMilli = 1'000;
inline constexpr double kMicro = 1e-6;  // of a second, where seconds are kept as a fraction

}  // namespace timerose
