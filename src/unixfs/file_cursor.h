// A place in a file's DAG: the nodes from the root to the block that was read last.
#pragma once

#include <deque>
#include <future>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "blockstore/blockstore.h"
#include "unixfs/file_node.h"

namespace timerose::unixfs {

// A file's DAG may be at most this deep; a balanced one of 2^64 bytes with two links a node is 64.
inline constexpr size_t kFileDepthMax = 128;
// Blocks fetched ahead and not yet taken.
inline constexpr size_t kBlocksAheadMax = 16;

// Not thread-safe; with `threads` > 1 it fetches the blocks after the present one on threads of its
// own. Parts of size 0 are never fetched.
class FileCursor {
 public:
  // kInvalidArgument if `cid` is no file.
  static Result<FileCursor> open(Blockstore& store, const Cid& cid, unsigned threads);

  [[nodiscard]] uint64_t size() const { return path_.front().node.size; }

  // The content from `offset` as far as one block holds it, valid until the next call; empty at and
  // after the end. kMalformed if a block is not what its parent says it is.
  Result<ByteView> bytes_at(uint64_t offset);

  // Nothing at or after this offset is fetched ahead.
  void read_ahead_until(uint64_t end) { ahead_end_ = end; }

 private:
  using Fetched = Result<SharedBytes>;
  struct Ahead {
    size_t child;
    std::future<Fetched> block;
  };
  struct Frame {
    FileNode node;
    uint64_t begin = 0;  // of its content, in the file
    size_t next_ahead = 0;
    std::deque<Ahead> ahead;
  };

  FileCursor(Blockstore& store, unsigned threads) : store_(&store), threads_(threads) {}
  Status descend(uint64_t offset);
  Fetched fetch_child(Frame& frame, size_t child);
  void fetch_ahead(Frame& frame, size_t child);
  std::future<Fetched> fetch_later(const Cid& cid);

  Blockstore* store_;
  unsigned threads_;
  uint64_t ahead_end_ = UINT64_MAX;
  size_t ahead_count_ = 0;
  std::deque<Frame> path_;  // [0] is the root
  std::unique_ptr<ThreadPool> pool_;
};

}  // namespace timerose::unixfs
