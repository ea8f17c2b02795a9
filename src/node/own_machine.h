// What this machine has and what of it is free, and how fast it runs functions.
#pragma once

#include <filesystem>

#include "base/clock.h"
#include "base/result.h"
#include "wasm/engine.h"

namespace timerose::node {

struct MachineNumbers {
  uint32_t cores = 1;
  uint64_t memory_bytes = 0;
  uint64_t memory_free_bytes = 0;
  uint64_t disk_bytes = 0;  // of the file system that `folder` is on
  uint64_t disk_free_bytes = 0;
};

// Zeros where the system does not say. Reads files: not on the I/O thread.
MachineNumbers look_at_machine(const std::filesystem::path& folder);

// Units of fuel a second, of one core: the best of a few runs of a loop of integer arithmetic, some
// tens of milliseconds in all. Nothing of it is kept.
Result<uint64_t> measure_fuel_per_s(wasm::Engine& engine, Clock& clock);

}  // namespace timerose::node
