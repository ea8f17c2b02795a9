// What a run is told of: a table for people, one JSON object for programs.
#pragma once

#include <string>

#include "sim/jobs/mesh_run.h"

namespace timerose::sim::jobs {

// A line, and the command that replays it if a promise was broken.
std::string line_of(uint64_t seed, const MeshResult& result);
// Everything, one figure a line.
std::string table_of(const Scenario& scenario, const MeshResult& result);
std::string json_of(const Scenario& scenario, uint64_t seed, const MeshResult& result);

}  // namespace timerose::sim::jobs
