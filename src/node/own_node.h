// What the settings say of this node to the others of the mesh.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "node/config.h"
#include "node/own_machine.h"
#include "node/repository.h"
#include "scheduler/adverts/advert.h"
#include "wasm/engine.h"

namespace timerose::node {

struct OwnNode {
  scheduler::Labels labels;
  std::string operator_name;
  std::filesystem::path folder;    // of the repository
  uint64_t storage_bytes_max = 0;  // 0: the disk is the limit
  // What follows is called from any thread; absent: it does not compute.
  std::function<Result<wasm::Engine*>()> engine;
  // Measures, and keeps the receipt for others to read.
  std::function<Result<MeasuredSpeed>()> measure;
  std::function<std::vector<Cid>()> warm;  // functions that start at once
  std::function<uint64_t()> stored_bytes;  // of blocks; with a limit on these
};

// Both must outlive what is given.
Result<OwnNode> own_node(const Config& config, Repository& repository, Clock& clock);

// "zone=eu, disk=nvme". kInvalidArgument says what was found.
Result<scheduler::Labels> parse_labels(std::string_view text);
// A name as labels' values are, or nothing.
Result<std::string> parse_operator(std::string_view text);

}  // namespace timerose::node
