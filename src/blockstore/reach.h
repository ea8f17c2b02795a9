// Which blocks a DAG consists of, without reading those that cannot have links.
#pragma once

#include <functional>
#include <map>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "blockstore/multihash_set.h"

namespace timerose {

// Blocks that were reached: as what they were reached matters, since bytes that are a leaf as raw
// may have links as dag-pb.
class Reached {
 public:
  // Whether it was not in yet. Version 0 and 1 are the same.
  bool insert(const Cid& cid) { return by_codec_[cid.codec()].insert(cid.multihash_bytes()); }
  [[nodiscard]] bool contains(ByteView multihash) const;

 private:
  std::map<Codec, MultihashSet> by_codec_;
};

// raw, json and libp2p-key: blocks that have no links, whatever is in them.
bool is_leaf_codec(Codec codec);

struct ReachVisit {
  // Each block once, those that are missing included. May be empty.
  std::function<Status(const Cid&)> block;
  // A block that is missing, damaged, or of an unknown codec, so that what is below it cannot be
  // known. An error ends the walk.
  std::function<Status(const Cid&, const Error& why)> hole;
};

// Walks what `root` reaches and `reached` does not have yet, and adds it there. Not recursive.
// Errors of the disk and of the visits end it.
Status reach(Blockstore& store, const Cid& root, Reached& reached, const ReachVisit& visit);

}  // namespace timerose
