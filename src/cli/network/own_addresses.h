// The addresses by which other nodes reach this one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "node/network/network.h"

namespace timerose::cli {

// "ADDRESS/p2p/PEERID", as `swarm connect` takes them.
Result<std::vector<std::string>> own_addresses(node::Network& network);

}  // namespace timerose::cli
