#include "cli/mesh/devnet_topology.h"

#include <fmt/format.h>

namespace timerose::cli {

Result<Topology> topology_named(std::string_view name) {
  if (name == "full") return Topology::kFull;
  if (name == "ring") return Topology::kRing;
  if (name == "star") return Topology::kStar;
  if (name == "line") return Topology::kLine;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected full, ring, star or line; found '{}'", name)};
}

std::vector<std::pair<size_t, size_t>> links_of(Topology topology, size_t nodes) {
  std::vector<std::pair<size_t, size_t>> links;
  for (size_t from = 0; from < nodes; ++from) {
    for (size_t to = from + 1; to < nodes; ++to) {
      const bool next = to == from + 1;
      const bool around = topology == Topology::kRing && from == 0 && to + 1 == nodes;
      const bool linked = topology == Topology::kFull ||
                          (topology == Topology::kStar && from == 0) ||
                          (topology != Topology::kStar && next) || around;
      if (linked) links.emplace_back(from, to);
    }
  }
  return links;
}

}  // namespace timerose::cli
