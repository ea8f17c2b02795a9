// Moments as RFC 3339 writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace timerose::names {

// "2026-11-21T12:00:00.000000001Z": always nine digits of nanoseconds.
std::string format_rfc3339(uint64_t unix_ns);

// Any offset ("Z", "+02:00") and any number of digits after the dot; those beyond nanoseconds are
// cut off. Moments before 1970 are 0, those after the year 2554 UINT64_MAX. kMalformed for other
// text, also for a day or an hour that does not exist.
Result<uint64_t> parse_rfc3339(std::string_view text);

}  // namespace timerose::names
