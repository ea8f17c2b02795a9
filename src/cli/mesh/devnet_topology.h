// Who is joined to whom in a network of nodes on one machine.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace timerose::cli {

enum class Topology { kFull, kRing, kStar, kLine };

// "full", "ring", "star" or "line"; kInvalidArgument lists them.
Result<Topology> topology_named(std::string_view name);

// Pairs (from, to) of node numbers below `nodes`, each once: all pairs; each with the next, and the
// last with the first; the first with all others; each with the next.
std::vector<std::pair<size_t, size_t>> links_of(Topology topology, size_t nodes);

}  // namespace timerose::cli
