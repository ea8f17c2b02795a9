#include "unixfs/file_tree.h"

#include "base/check.h"
#include "ipld/dag_pb.h"
#include "unixfs/node.h"

namespace timerose::unixfs {

Status FileTree::add_leaf(Imported leaf) { return add(0, std::move(leaf)); }

// A full node is written only when its next sibling comes: until then it may be the root.
Status FileTree::add(size_t level, Imported child) {
  if (level == levels_.size()) levels_.emplace_back();
  if (levels_[level].size() == layout_.links_max) {
    TR_ASSIGN(Imported node, write_node(levels_[level]));
    levels_[level].clear();
    TR_TRY(add(level + 1, std::move(node)));
  }
  levels_[level].push_back(std::move(child));
  return success();
}

Result<Imported> FileTree::finish() {
  CHECK(!levels_.empty());
  for (size_t level = 0;; ++level) {
    const bool is_top = level + 1 == levels_.size();
    if (is_top && levels_[level].size() == 1) return std::move(levels_[level].front());
    TR_ASSIGN(Imported node, write_node(levels_[level]));
    TR_TRY(add(level + 1, std::move(node)));
  }
}

Result<Imported> FileTree::write_node(const std::vector<Imported>& children) {
  Node file;
  file.file_size = 0;
  file.block_sizes.reserve(children.size());
  dag_pb::Node node;
  node.links.reserve(children.size());
  uint64_t dag_bytes = 0;
  for (const Imported& child : children) {
    *file.file_size += child.file_bytes;
    file.block_sizes.push_back(child.file_bytes);
    dag_bytes += child.dag_bytes;
    node.links.push_back({.cid = child.cid, .name = "", .size = child.dag_bytes});
  }
  node.data = encode(file);
  TR_ASSIGN(Block block, name_block(layout_, Codec::kDagPb, dag_pb::encode(node)));
  Imported written{block.cid(), *file.file_size, dag_bytes + block.size()};
  TR_TRY(blocks_.add(std::move(block)));
  return written;
}

}  // namespace timerose::unixfs
