// Runs a scenario from one seed: makes the mesh, asks what is to be asked, makes the trouble, waits
// for every call, and says what came of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/jobs/books.h"
#include "sim/jobs/sabotage.h"
#include "sim/jobs/scenario.h"

namespace timerose::sim::jobs {

struct MeshResult {
  std::string failure;       // empty: all promises were kept
  uint64_t fingerprint = 0;  // of everything that happened: the same for the same seed
  Totals totals;
  std::vector<Second> seconds;
  std::vector<Books::Latency> latencies;
  uint64_t bytes_moved = 0;
  uint64_t messages = 0;
  uint64_t events = 0;
  double virtual_s = 0;
};

struct MeshOptions {
  uint64_t seed = 1;
  bool trace = false;
  Sabotage sabotage{};  // by tests
};
MeshResult run_mesh(const Scenario& scenario, const MeshOptions& options);

// Of these the share that is at most this; 0 of none.
uint32_t latency_ms(std::vector<Books::Latency> latencies, double share);

}  // namespace timerose::sim::jobs
