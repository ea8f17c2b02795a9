// Keeps the Answer of another node as if the call had run here.
#pragma once

#include "compute/executor.h"
#include "node/repository.h"

namespace timerose::node {

// `answer` has an Outcome that this node believes.
Status remember(Repository& repository, const compute::Invocation& invocation,
                const compute::Answer& answer);

}  // namespace timerose::node
