// Sizes and spans of time as people write them (base/units.h), under the names that settings and
// commands know them by.
#pragma once

#include "base/units.h"

namespace timerose::node {

using timerose::format_bytes;
using timerose::parse_bytes;
using timerose::parse_count;
using timerose::parse_duration_ms;

}  // namespace timerose::node
