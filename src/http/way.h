// Where a path below a CID leads, and over which blocks: what a client needs to follow it too.
#pragma once

#include <string>
#include <vector>

#include "blockstore/blockstore.h"

namespace timerose::http {

struct Way {
  Cid terminus;
  std::vector<Cid> blocks;  // that were read, in order, without the terminus
  std::vector<Cid> roots;   // the root, then what each segment that led out of a block leads to
  bool inside = false;      // the path ends inside the value of the terminus
  std::string dead_end;     // if the path leads nowhere, which segment is not in what
};

// Errors are those of the store and of blocks that are not what their codec says. The terminus need
// not be there.
Result<Way> find_way(Blockstore& store, const Cid& root, const std::vector<std::string>& segments);

}  // namespace timerose::http
