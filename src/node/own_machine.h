// What this machine has and what of it is free, and how fast it runs functions.
#pragma once

#include <filesystem>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "blockstore/blockstore.h"
#include "compute/executor.h"
#include "scheduler/adverts/advert.h"
#include "wasm/engine.h"

namespace timerose::node {

struct MachineNumbers {
  uint32_t cores = 1;
  uint64_t memory_bytes = 0;
  uint64_t memory_free_bytes = 0;
  uint64_t disk_bytes = 0;  // of the file system that `folder` is on
  uint64_t disk_free_bytes = 0;
};

// Of the drivers that say so under /proc and /sys, below `root`: NVIDIA's (without their memory: 0)
// and amdgpu's. Reads files.
std::vector<scheduler::Gpu> look_at_gpus(const std::filesystem::path& root);

// Zeros where the system does not say. Reads files: not on the I/O thread.
MachineNumbers look_at_machine(const std::filesystem::path& folder);

// The best of a few runs of speed_call().
struct MeasuredSpeed {
  uint64_t fuel_per_s = 0;  // of one core
  compute::Answer answer;   // with a receipt
};

// The call that every node measures itself with: a loop of integer arithmetic, some tens of
// milliseconds.
compute::Invocation speed_call();

// The receipt of the best run is in `store`, with the Invocation, its module and the Outcome.
Result<MeasuredSpeed> measure_speed(wasm::Engine& engine, const PrivateKey& key, Blockstore& store,
                                    Clock& clock);

// What a receipt says of the speed.
uint64_t fuel_per_s(const compute::Metering& used, const compute::Circumstances& how);

}  // namespace timerose::node
