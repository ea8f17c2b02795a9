// Placement by somebody who knows everything at once, to measure the real one by: of the nodes with
// a free core the one that lacks the fewest bytes.
#pragma once

#include <optional>

#include "sim/jobs/mesh_world.h"

namespace timerose::sim::jobs {

// Nothing if no node is here.
std::optional<NodeNumber> place_knowing_all(MeshWorld& world, NodeNumber asker,
                                            const compute::Invocation& call);

}  // namespace timerose::sim::jobs
