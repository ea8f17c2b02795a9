#include "scheduler/execute/lacking.h"

#include <algorithm>

#include "ipld/dag_pb.h"

namespace timerose::scheduler::execute {
namespace {

constexpr size_t kLinksWaitingMax = 65'536;

class Looking {
 public:
  explicit Looking(Blockstore& store) : store_(store) {}

  // Whether the first block is here.
  bool look(const Cid& root);
  [[nodiscard]] uint64_t lacking_bytes() const { return lacking_bytes_; }
  [[nodiscard]] bool found_all() const { return found_all_; }

 private:
  bool is_here(const Cid& cid);
  void enter(const Cid& cid, ByteView block);

  Blockstore& store_;
  size_t looked_at_ = 0;
  uint64_t lacking_bytes_ = 0;
  bool found_all_ = true;
  std::vector<std::pair<Cid, uint64_t>> to_look_;  // with the size that its link says
};

bool Looking::look(const Cid& root) {
  const auto first = store_.get(root);
  if (!first.ok()) return false;
  found_all_ = true;
  enter(root, first->view());
  while (!to_look_.empty()) {
    if (++looked_at_ > kBlocksLookedAtMax) {
      found_all_ = false;
      to_look_.clear();
      break;
    }
    const auto [cid, size] = std::move(to_look_.back());
    to_look_.pop_back();
    if (is_here(cid)) continue;
    found_all_ = false;
    lacking_bytes_ += std::min(size, UINT64_MAX - lacking_bytes_);
  }
  return true;
}

bool Looking::is_here(const Cid& cid) {
  if (cid.codec() == Codec::kRaw) {
    const auto has = store_.has(cid);
    return has.ok() && *has;
  }
  const auto block = store_.get(cid);
  if (block.ok()) enter(cid, block->view());
  return block.ok();
}

void Looking::enter(const Cid& cid, ByteView block) {
  if (cid.codec() == Codec::kRaw) return;
  const Status read = dag_pb::for_each_link(block, [&](const dag_pb::LinkView& link) {
    if (to_look_.size() < kLinksWaitingMax) {
      to_look_.emplace_back(link.cid, link.size);
    } else {
      found_all_ = false;
    }
    return success();
  });
  if (!read.ok()) found_all_ = false;
}

}  // namespace

Estimate lacking_of(Blockstore& store, const compute::Invocation& call, KnownInputs& known) {
  Estimate estimate;
  Looking looking(store);
  for (const Cid& root : roots_of(call)) {
    if (known.has(root)) continue;
    if (!looking.look(root)) {
      if (estimate.lacking.size() < kLackingNamedMax) estimate.lacking.push_back(root);
    } else if (looking.found_all()) {
      known.add(root);
    }
  }
  estimate.lacking_bytes = looking.lacking_bytes();
  return estimate;
}

}  // namespace timerose::scheduler::execute
