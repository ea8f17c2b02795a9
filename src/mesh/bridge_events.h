// What the bridge tells (timerose_host.h), as events of a mesh::Host.
#pragma once

#include <optional>

#include "mesh/host.h"
#include "timerose_host.h"

namespace timerose::mesh {

// Takes over the event's bytes: a frame's and a message's stay where they are. Nothing for an event
// whose peer cannot be named here.
std::optional<Event> from_bridge(const timerose_event& raw);

}  // namespace timerose::mesh
