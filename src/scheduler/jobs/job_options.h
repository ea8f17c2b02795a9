// What a user asks for beside the call itself: where it may run, how often, and what its answer
// must be worth.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "multiformats/cid.h"
#include "multiformats/peer_id.h"
#include "scheduler/placement/placement.h"
#include "scheduler/placement/requirement.h"
#include "scheduler/verify/quorum.h"

namespace timerose::scheduler::jobs {

enum class Where : uint8_t {
  kMesh,   // wherever it is cheapest, this node included
  kLocal,  // here
  kPeer,   // at one node that is named, and nowhere else
};

struct JobOptions {
  static constexpr uint32_t kCopiesMax = 16;

  Where where = Where::kMesh;
  std::optional<PeerId> peer;  // for kPeer
  Requirement required;
  Requirement preferred;
  uint32_t copies = 1;  // run at the same time on different nodes; the first good answer counts
  std::optional<Term> apart;  // copies differ in this attribute: operator, label.X
  verify::Wish verify;
  bool drawn = false;        // nodes are drawn by lot among those whose cost is within reason
  uint64_t deadline_ms = 0;  // from the start, for all of it; 0: none
  bool hedge = false;        // a straggler is run a second time elsewhere
  bool fresh = false;        // executed even if the answer is known: the memo is not asked
  bool explain = false;      // keep the first decision's Explanation
  bool dry_run = false;      // do that, and nothing else
};

// The call as placement sees it.
struct JobCall {
  explicit JobCall(Cid name) : invocation(std::move(name)) {}
  Cid invocation;
  ContentKey function;
  uint32_t function_mark = 0;  // WarmSet::mark_of
  uint64_t function_bytes = 0;
  std::vector<CallInput> inputs;  // the largest first
  uint64_t memory_bytes = 0;      // that the guest may use
  std::vector<NodeRef> avoided;   // that are not to be asked: they lied, or refuse this node

  [[nodiscard]] uint64_t input_bytes() const {
    uint64_t sum = 0;
    for (const CallInput& input : inputs) sum += input.bytes;
    return sum;
  }
};

}  // namespace timerose::scheduler::jobs
