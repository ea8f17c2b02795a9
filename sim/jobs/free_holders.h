// Of a call whose data has to come: whether it could have begun sooner at a node that held all of
// it, and was free from the moment on at which the call was placed. To ask a node and to hear its
// answer takes time, so who is free only a little later cannot be known of.
#pragma once

#include <unordered_map>
#include <vector>

#include "compute/invocation.h"
#include "multiformats/cid.h"
#include "sim/network.h"

namespace timerose::sim::jobs {

class MeshWorld;

class FreeHolders {
 public:
  explicit FreeHolders(MeshWorld& world) : world_(world) {}

  // Nodes are asked what the call would need there: who could begin it at once?
  void probed(const Cid& name, NodeNumber asker, const compute::Invocation& call);
  // Without having probed any, the same.
  void offered(const Cid& name, NodeNumber asker, const compute::Invocation& call);
  // It has arrived at the executor, and as many bytes have to come for it.
  void moves(const Cid& name, NodeNumber executor, const compute::Invocation& call, uint64_t bytes);
  // They have come, and after so long the function is compiled.
  void begins(const Cid& name, NodeNumber executor, uint64_t compile_ns);
  // Nothing more comes of it.
  void ended(const Cid& name) { calls_.erase(name); }

 private:
  struct Moving {
    NodeNumber executor = 0;
    uint64_t bytes = 0;
    uint64_t otherwise_ns = 0;  // then a free holder would have begun
  };
  struct Call {
    NodeNumber asker = 0;
    uint64_t placed_ns = 0;
    std::vector<NodeNumber> free;  // then
    std::vector<Moving> moving;
  };
  [[nodiscard]] std::vector<NodeNumber> free_holders(NodeNumber asker,
                                                     const compute::Invocation& call) const;

  MeshWorld& world_;
  std::unordered_map<Cid, Call> calls_;  // by the names of their Invocations
};

}  // namespace timerose::sim::jobs
