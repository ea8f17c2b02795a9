// Sizes and spans of time as people write them: "256MiB", "10GB", "500ms".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace timerose {

// A whole number, at most 2^64-1. kInvalidArgument says what was found.
Result<uint64_t> parse_count(std::string_view text);

// A number of bytes: digits with an optional unit B, kB, MB, GB, TB (powers of 1000) or KiB, MiB,
// GiB, TiB (powers of 1024). kInvalidArgument lists the units.
Result<uint64_t> parse_bytes(std::string_view text);

// "1.5 GiB", for people.
std::string format_bytes(uint64_t bytes);

// A span of time in milliseconds: digits with ms, s, m, h or d; plain digits are seconds.
Result<uint64_t> parse_duration_ms(std::string_view text);

}  // namespace timerose
