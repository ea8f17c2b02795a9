// A small mesh with everything wrong that can be, each seed in its own way; every fifth has no
// trouble at all.
#pragma once

#include "sim/jobs/scenario.h"

namespace timerose::sim::jobs {

Scenario make_storm(uint64_t seed);

}  // namespace timerose::sim::jobs
