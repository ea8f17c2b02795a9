// Walks the DAGs below some roots: depth first, children in the order of their links, each block
// once.
//
// The walk is not recursive, so a DAG may be as deep as it likes. It holds one CID for each block
// seen and for each link that waits; never more than one block's data.
#pragma once

#include <functional>
#include <span>

#include "base/result.h"
#include "blockstore/blockstore.h"

namespace timerose {

// What a visit says about the block that it is given.
enum class Walk {
  kEnter,  // go on to its links
  kSkip,   // leave out what is below it (as far as it is not reached another way)
};

// Called with each block before the blocks below it. An error ends the walk with it.
using DagVisit = std::function<Result<Walk>(const Cid& cid, const SharedBytes& data)>;

struct WalkOptions {
  // Whether a block that the store lacks is passed over; else the walk ends with kNotFound, which
  // names it and the block that links to it.
  bool skip_missing = false;
};

// Two CIDs with the same multihash and the same codec are one block (version 0 and 1). A block of
// an unknown codec is kUnsupported: its links cannot be known. Identity CIDs are visited too.
Status walk_dag(Blockstore& store, std::span<const Cid> roots, const DagVisit& visit,
                const WalkOptions& options = {});

// The same for callers that always enter.
Status walk_dag_all(Blockstore& store, std::span<const Cid> roots,
                    const std::function<Status(const Cid& cid, const SharedBytes& data)>& visit);

}  // namespace timerose
