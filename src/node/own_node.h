// What the settings say of this node to the others of the mesh.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "node/config.h"
#include "node/repository.h"
#include "scheduler/adverts/advert.h"
#include "wasm/engine.h"

namespace timerose::node {

struct OwnNode {
  scheduler::Labels labels;
  std::string operator_name;
  std::filesystem::path folder;                   // of the repository
  uint64_t storage_bytes_max = 0;                 // 0: the disk is the limit
  std::function<Result<wasm::Engine*>()> engine;  // from any thread; absent: it does not compute
  std::function<std::vector<Cid>()> warm;         // functions that start at once; the same
};

// `repository` must outlive what is given.
Result<OwnNode> own_node(const Config& config, Repository& repository);

// "zone=eu, disk=nvme". kInvalidArgument says what was found.
Result<scheduler::Labels> parse_labels(std::string_view text);
// A name as labels' values are, or nothing.
Result<std::string> parse_operator(std::string_view text);

}  // namespace timerose::node
