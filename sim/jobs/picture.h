// A finished run as pictures: how the mesh was used, what moved, how long answers took. SVG, so
// that a browser shows it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/jobs/mesh_run.h"
#include "sim/jobs/scenario.h"

namespace timerose::sim::jobs {

// One curve: a value for each second; where there is none, the curve has a gap.
struct Line {
  std::string name;
  std::string colour;
  std::vector<std::optional<double>> values;
};
// A span of time that is shaded, in seconds.
struct Band {
  std::string name;
  double from_s = 0;
  double until_s = 0;
};

enum class Scale : uint8_t {
  kEven,
  kTimes,  // each step up is as many times more; values in milliseconds
};

struct Drawing {
  std::string title;
  std::string unit;  // of an even scale
  Scale scale = Scale::kEven;
  std::vector<Band> bands;
  std::vector<Line> lines;
};
std::string draw(const Drawing& drawing);

std::string picture_of_use(const Scenario& scenario, const MeshResult& result);
std::string picture_of_bytes(const Scenario& scenario, const MeshResult& result);
// Percentiles of the calls that were answered in each span of ten seconds.
std::string picture_of_latency(const Scenario& scenario, const MeshResult& result);

}  // namespace timerose::sim::jobs
