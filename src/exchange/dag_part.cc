#include "exchange/dag_part.h"

#include <algorithm>

#include "ipld/codec.h"
#include "ipld/dag_pb.h"
#include "unixfs/file_node.h"
#include "unixfs/hamt.h"

namespace timerose::exchange {
namespace {

using Role = PartStep::Role;
using Steps = std::vector<PartStep>;

Result<Steps> below_all(const PartStep& step, const SharedBytes& block) {
  Steps steps;
  TR_TRY(ipld::for_each_link(step.cid.codec(), block.view(), [&](const Cid& link) {
    steps.push_back({link, Role::kAll});
    return success();
  }));
  return steps;
}

Result<Steps> below_shard(const PartStep& step, const SharedBytes& block) {
  TR_ASSIGN(const unixfs::NodeView message, unixfs::parse_unixfs(step.cid, block));
  TR_ASSIGN(const auto width, unixfs::hamt::Width::of(message.fields));
  Steps steps;
  TR_TRY(dag_pb::for_each_link(block.view(), [&](const dag_pb::LinkView& link) {
    // A name that is nothing but its slot leads to a shard below; a longer one is an entry.
    if (link.name.size() == width.prefix_digits()) steps.push_back({link.cid, Role::kShard});
    return success();
  }));
  return steps;
}

Result<Steps> below_file(const PartStep& step, const SharedBytes& block, const FileBytes& wanted) {
  TR_ASSIGN(const unixfs::FileNode node, unixfs::parse_file_node(step.cid, block));
  const uint64_t size = step.content.end - step.content.begin;
  Steps steps;
  for (size_t i = 0; i < node.links.size() && node.child_begin(i) < size; ++i) {
    const FileBytes content{step.content.begin + node.child_begin(i),
                            step.content.begin + std::min(node.ends[i], size)};
    if (content.begin >= content.end || content.end <= wanted.begin ||
        content.begin >= wanted.end) {
      continue;
    }
    const bool inside = content.begin >= wanted.begin && content.end <= wanted.end;
    steps.push_back({node.links[i], inside ? Role::kAll : Role::kFile, content});
  }
  return steps;
}

Result<Steps> below_entity(const PartStep& step, const SharedBytes& block, const DagPart& part) {
  if (step.cid.codec() != Codec::kDagPb) return Steps();
  const auto message = unixfs::parse_unixfs(step.cid, block);
  if (!message.ok()) return Steps();
  const unixfs::Type type = message->fields.type;
  if (type == unixfs::Type::kHamtShard) return below_shard(step, block);
  if (type != unixfs::Type::kFile && type != unixfs::Type::kRaw) return Steps();
  if (!part.bytes) return below_all(step, block);
  TR_ASSIGN(const uint64_t size, unixfs::content_size(step.cid, *message));
  return below_file({step.cid, Role::kFile, {0, size}}, block, *part.bytes);
}

}  // namespace

PartStep first_step(const Cid& root, const DagPart& part) {
  switch (part.scope) {
    case DagScope::kBlock:
      return {root, Role::kAlone};
    case DagScope::kEntity:
      return {root, Role::kEntity};
    case DagScope::kAll:
      break;
  }
  return {root, Role::kAll};
}

Result<Steps> steps_below(const PartStep& step, const SharedBytes& block, const DagPart& part) {
  switch (step.role) {
    case Role::kAlone:
      break;
    case Role::kAll:
      return below_all(step, block);
    case Role::kEntity:
      return below_entity(step, block, part);
    case Role::kFile:
      return below_file(step, block, part.bytes.value_or(FileBytes()));
    case Role::kShard:
      return below_shard(step, block);
  }
  return Steps();
}

}  // namespace timerose::exchange
