#include "http/car_walk.h"

#include <fmt/format.h>

#include <algorithm>

#include "ipld/codec.h"
#include "ipld/dag_pb.h"
#include "unixfs/file_node.h"
#include "unixfs/hamt.h"

namespace timerose::http {

CarWalk::CarWalk(Blockstore& store, CarPlan plan) : store_(store), plan_(std::move(plan)) {
  Role role = Role::kAlone;
  if (plan_.scope == DagScope::kAll) role = Role::kAll;
  if (plan_.scope == DagScope::kEntity) role = Role::kEntity;
  waiting_.push_back({plan_.terminus, role});
  for (auto cid = plan_.way.rbegin(); cid != plan_.way.rend(); ++cid) {
    waiting_.push_back({*cid, Role::kAlone});
  }
}

Result<std::optional<Block>> CarWalk::next() {
  while (!waiting_.empty()) {
    const Step step = std::move(waiting_.back());
    waiting_.pop_back();
    if (is_done(step)) continue;
    TR_ASSIGN(SharedBytes block, store_.get(step.cid));
    TR_TRY(enter(step, block));
    if (is_to_be_sent(step.cid)) {
      return std::optional(Block::trusted(step.cid, std::move(block)));
    }
  }
  return std::optional<Block>();
}

// Whether nothing that a step leads to is left to be sent. A part of a file, and a shard, are gone
// through again: what was wanted of them before may have been less.
bool CarWalk::is_done(const Step& step) {
  if (plan_.duplicates == Duplicates::kYes) return false;
  if (step.role == Role::kAlone) return sent_.contains(step.cid.as_v1());
  return step.role == Role::kAll && !entered_.insert(step.cid.as_v1()).second;
}

bool CarWalk::is_to_be_sent(const Cid& cid) {
  if (cid.multihash().code == static_cast<uint64_t>(HashCode::kIdentity)) return false;
  return plan_.duplicates == Duplicates::kYes || sent_.insert(cid.as_v1()).second;
}

Status CarWalk::enter(const Step& step, const SharedBytes& block) {
  switch (step.role) {
    case Role::kAlone:
      return success();
    case Role::kAll:
      return enter_all(step, block);
    case Role::kEntity:
      return enter_entity(step, block);
    case Role::kFile:
      return enter_file(step, block);
    case Role::kShard:
      return enter_shard(step, block);
  }
  return success();
}

Status CarWalk::enter_all(const Step& step, const SharedBytes& block) {
  std::vector<Step> children;
  TR_TRY(ipld::for_each_link(step.cid.codec(), block.view(), [&](const Cid& link) {
    children.push_back({link, Role::kAll});
    return success();
  }));
  return push(std::move(children));
}

// Anything but a file in parts and a sharded directory is one block.
Status CarWalk::enter_entity(const Step& step, const SharedBytes& block) {
  if (step.cid.codec() != Codec::kDagPb) return success();
  const auto message = unixfs::parse_unixfs(step.cid, block);
  if (!message.ok()) return success();
  const unixfs::Type type = message->fields.type;
  if (type == unixfs::Type::kHamtShard) return enter_shard(step, block);
  if (type != unixfs::Type::kFile && type != unixfs::Type::kRaw) return success();
  if (!plan_.bytes) return enter_all(step, block);
  TR_ASSIGN(const uint64_t size, unixfs::content_size(step.cid, *message));
  return enter_file({step.cid, Role::kFile, {0, size}}, block);
}

// Parts inside the range are taken whole. Of those that reach over one of its ends there are two at
// each level, since a part counts no further than its parent says.
Status CarWalk::enter_file(const Step& step, const SharedBytes& block) {
  TR_ASSIGN(const unixfs::FileNode node, unixfs::parse_file_node(step.cid, block));
  const uint64_t size = step.content.end - step.content.begin;
  std::vector<Step> children;
  for (size_t i = 0; i < node.links.size() && node.child_begin(i) < size; ++i) {
    const ByteRange content{step.content.begin + node.child_begin(i),
                            step.content.begin + std::min(node.ends[i], size)};
    if (content.begin >= content.end || content.end <= plan_.bytes->begin ||
        content.begin >= plan_.bytes->end) {
      continue;
    }
    const bool inside = content.begin >= plan_.bytes->begin && content.end <= plan_.bytes->end;
    children.push_back({node.links[i], inside ? Role::kAll : Role::kFile, content});
  }
  return push(std::move(children));
}

Status CarWalk::enter_shard(const Step& step, const SharedBytes& block) {
  TR_ASSIGN(const unixfs::NodeView message, unixfs::parse_unixfs(step.cid, block));
  TR_ASSIGN(const auto width, unixfs::hamt::Width::of(message.fields));
  std::vector<Step> children;
  TR_TRY(dag_pb::for_each_link(block.view(), [&](const dag_pb::LinkView& link) {
    // A name that is nothing but its slot leads to a shard below; a longer one is an entry.
    if (link.name.size() == width.prefix_digits()) children.push_back({link.cid, Role::kShard});
    return success();
  }));
  return push(std::move(children));
}

Status CarWalk::push(std::vector<Step> children) {
  if (waiting_.size() + children.size() > kLinksWaitingMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("more than {} links wait to be followed; ask for parts of the DAG",
                             kLinksWaitingMax)};
  }
  waiting_.insert(waiting_.end(), std::make_move_iterator(children.rbegin()),
                  std::make_move_iterator(children.rend()));
  return success();
}

}  // namespace timerose::http
