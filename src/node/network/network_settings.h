// What the settings of a repository say to its network half.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "exchange/bitswap/policy.h"
#include "exchange/http_source.h"
#include "mesh/bridge_host.h"
#include "mesh/connection_policy.h"
#include "node/config.h"
#include "node/network/provide_strategy.h"
#include "scheduler/execute/executor_side.h"

namespace timerose::node {

// What this node does for others, as the owner's settings say it.
struct ExecutionSettings {
  scheduler::execute::ExecutorLimits limits;
  bool is_open = false;
  MultihashSet denied;
  std::vector<PublicKey> signers;
};

struct NetworkSettings {
  mesh::HostOptions host;
  mesh::ConnectionLimits connections;
  std::vector<PeerId> allowed;  // none: all
  std::vector<PeerId> denied;
  std::vector<PeerId> kept;  // not ended to make room
  bitswap::ServingPolicy serving;
  ExecutionSettings execution;
  exchange::HttpSourceOptions http;
  ProvideStrategy provide = ProvideStrategy::kPinned;
  std::filesystem::path history;  // of calls; empty: none is kept
  // Whether the Outcomes of others' calls may be given to everyone: those of worker processes not.
  bool shares_executions = true;
  size_t jobs_kept = 1000;  // of jobs that have ended
};

// Also finds out the addresses of this machine that `lan` stands for. kInvalidArgument for settings
// that do not go together.
Result<NetworkSettings> network_settings(const Config& config, const std::string& agent);

}  // namespace timerose::node
