// The balanced tree over a file's leaves: full nodes from the left, all leaves at one depth.
#pragma once

#include <vector>

#include "base/result.h"
#include "unixfs/batch.h"
#include "unixfs/importer.h"
#include "unixfs/layout.h"

namespace timerose::unixfs {

// Takes leaves in order and keeps only the unfinished node of each level. A file of one leaf is
// that leaf.
class FileTree {
 public:
  FileTree(const Layout& layout, BlockBatch& blocks) : layout_(layout), blocks_(blocks) {}

  Status add_leaf(Imported leaf);
  // The root; at least one leaf was added.
  Result<Imported> finish();

 private:
  Status add(size_t level, Imported child);
  Result<Imported> write_node(const std::vector<Imported>& children);

  const Layout& layout_;
  BlockBatch& blocks_;
  std::vector<std::vector<Imported>> levels_;  // [0] waits for leaves
};

}  // namespace timerose::unixfs
