// The blocks that a call may read: its roots, and what blocks that were given link to. A worker
// that a guest has taken over learns nothing else of what the node holds. Of one thread.
#pragma once

#include "blockstore/multihash_set.h"
#include "compute/invocation.h"
#include "ipld/codec.h"

namespace timerose::isolation {

class Reach {
 public:
  explicit Reach(const compute::Invocation& call) {
    for (const Cid& input : call.inputs) add(input);
    for (const auto& [path, mount] : call.mounts) add(mount);
    if (call.stdin_file) add(*call.stdin_file);
  }

  // By the worker itself: it may have that back, but what it links to is as far away as before.
  void put(const Cid& cid) {
    if (!identity_data(cid)) put_.insert(cid.multihash_bytes());
  }
  // What it links to may be asked for from here on. A block that cannot be read has no links.
  void given(const Cid& cid, ByteView block) {
    if (reachable_.contains(cid.multihash_bytes())) follow(cid, block);
  }
  [[nodiscard]] bool has(const Cid& cid) const {
    return reachable_.contains(cid.multihash_bytes()) || put_.contains(cid.multihash_bytes());
  }

 private:
  // One that holds its data itself is asked for by nobody, but leads further.
  void add(const Cid& cid) {
    if (const auto data = identity_data(cid)) return follow(cid, data->view());
    reachable_.insert(cid.multihash_bytes());
  }
  void follow(const Cid& cid, ByteView block) {
    (void)ipld::for_each_link(cid.codec(), block, [this](const Cid& link) {
      add(link);
      return success();
    });
  }

  MultihashSet reachable_;
  MultihashSet put_;
};

}  // namespace timerose::isolation
