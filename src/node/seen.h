// How much of what a guest wrote has been shown to a person already.
#pragma once

#include <cstdint>

namespace timerose::node {

// From the beginning of each stream.
struct Seen {
  uint64_t stdout_bytes = 0;
  uint64_t stderr_bytes = 0;
};
inline constexpr Seen kAllSeen{UINT64_MAX, UINT64_MAX};

}  // namespace timerose::node
