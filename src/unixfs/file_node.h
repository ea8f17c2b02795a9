// One block of a file, taken apart: its own bytes first, then those of its children in order.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "multiformats/cid.h"
#include "unixfs/node.h"

namespace timerose::unixfs {

struct FileNode {
  SharedBytes block;  // keeps `data` alive
  ByteView data;      // content in the block itself
  std::vector<Cid> links;
  std::vector<uint64_t> ends;  // where each child's content ends, from the start of this node's
  uint64_t size = 0;           // of all content

  [[nodiscard]] uint64_t child_begin(size_t child) const {
    return child == 0 ? data.size() : ends[child - 1];
  }
  [[nodiscard]] uint64_t child_size(size_t child) const { return ends[child] - child_begin(child); }
};

// kInvalidArgument for a block that is no part of a file; kMalformed for sizes that contradict each
// other: block sizes that are not one for each link, or a file size that is not their sum.
Result<FileNode> parse_file_node(const Cid& cid, SharedBytes block);

// The UnixFS message of a dag-pb block, as views into it; kInvalidArgument for another codec,
// kMalformed for a block without one.
Result<NodeView> parse_unixfs(const Cid& cid, const SharedBytes& block);

// Content bytes by the message alone; kMalformed if its sizes contradict each other.
Result<uint64_t> content_size(const Cid& cid, const NodeView& view);

}  // namespace timerose::unixfs
