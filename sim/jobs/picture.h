// A run as pictures: SVG text, each standing alone.
#pragma once

#include <string>
#include <vector>

#include "sim/jobs/mesh_run.h"

namespace timerose::sim::jobs {

struct Line {
  std::string name;
  std::string colour;          // as CSS names it
  std::vector<double> values;  // one for each second
};
// Curves over seconds, from 0 to the greatest value.
std::string draw(const std::string& title, const std::string& unit, const std::vector<Line>& lines);

// Cores that are here, busy ones, executions that wait.
std::string picture_of_use(const MeshResult& result);
std::string picture_of_bytes(const MeshResult& result);
// Percentiles of the calls that were answered in each span of ten seconds.
std::string picture_of_latency(const MeshResult& result);

}  // namespace timerose::sim::jobs
