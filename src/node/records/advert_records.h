// The adverts of other nodes that a node keeps over its own end, so that it knows the mesh when it
// starts again. They are kept as they were signed: whoever loads them judges them again
// (scheduler::AdvertTable::hear_kept).
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/sqlite.h"
#include "multiformats/peer_id.h"
#include "scheduler/adverts/advert.h"

namespace timerose::node {

struct KeptAdvert {
  PeerId node;
  uint64_t heard_unix_ms = 0;
  Bytes bytes;  // as it came
};

// A node of which another advert was heard, or that was forgotten.
struct AdvertChange {
  PeerId node;
  std::shared_ptr<const scheduler::Advert> advert;  // null: forgotten
  uint64_t heard_unix_ms = 0;
};

// Those heard last come first, scheduler::AdvertTable::kNodesMax at most.
Result<std::vector<KeptAdvert>> load_adverts(sqlite::Database& records);
// The newest change of each node.
Status save_adverts(sqlite::Database& records, std::span<const AdvertChange> changes);

}  // namespace timerose::node
