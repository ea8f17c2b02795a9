#include "unixfs/file_cursor.h"

#include <algorithm>
#include <string>

namespace timerose::unixfs {
namespace {

inline constexpr size_t kBlocksAheadPerThread = 4;

}  // namespace

Result<FileCursor> FileCursor::open(Blockstore& store, const Cid& cid, unsigned threads) {
  FileCursor cursor(store, threads);
  // A codec that holds no file is refused before its block is asked for.
  if (cid.codec() != Codec::kRaw && cid.codec() != Codec::kDagPb) {
    TR_TRY(parse_unixfs(cid, SharedBytes()));
  }
  TR_ASSIGN(SharedBytes block, store.get(cid));
  Frame root;
  TR_ASSIGN(root.node, parse_file_node(cid, std::move(block)));
  cursor.path_.push_back(std::move(root));
  return cursor;
}

Result<ByteView> FileCursor::bytes_at(uint64_t offset) {
  if (offset >= size()) return ByteView();
  while (offset < path_.back().begin || offset - path_.back().begin >= path_.back().node.size) {
    ahead_count_ -= path_.back().ahead.size();
    path_.pop_back();
  }
  while (true) {
    const Frame& frame = path_.back();
    const uint64_t within = offset - frame.begin;
    if (within < frame.node.data.size()) return frame.node.data.subspan(within);
    TR_TRY(descend(offset));
  }
}

Status FileCursor::descend(uint64_t offset) {
  if (path_.size() == kFileDepthMax) {
    return Error{ErrorCode::kLimitExceeded,
                 "a file's DAG is more than " + std::to_string(kFileDepthMax) + " blocks deep"};
  }
  Frame& parent = path_.back();
  const auto& ends = parent.node.ends;
  const size_t child = static_cast<size_t>(
      std::upper_bound(ends.begin(), ends.end(), offset - parent.begin) - ends.begin());
  const Cid& cid = parent.node.links[child];
  TR_ASSIGN(SharedBytes block, fetch_child(parent, child));
  auto node = parse_file_node(cid, std::move(block));
  if (!node.ok()) {
    // What would be a wrong argument for a root is a damaged file further down.
    return Error{ErrorCode::kMalformed,
                 "part " + std::to_string(child) + " of a file: " + node.error().message};
  }
  if (node->size != parent.node.child_size(child)) {
    return Error{ErrorCode::kMalformed, "file block " + cid.to_string() + " holds " +
                                            std::to_string(node->size) +
                                            " bytes, but the block that links to it says " +
                                            std::to_string(parent.node.child_size(child))};
  }
  Frame frame;
  frame.begin = parent.begin + parent.node.child_begin(child);
  frame.node = std::move(node).value();
  path_.push_back(std::move(frame));
  return success();
}

FileCursor::Fetched FileCursor::fetch_child(Frame& frame, size_t child) {
  if (threads_ > 1) fetch_ahead(frame, child);
  // Those before it were passed over by a seek.
  while (!frame.ahead.empty() && frame.ahead.front().child <= child) {
    Ahead first = std::move(frame.ahead.front());
    frame.ahead.pop_front();
    --ahead_count_;
    if (first.child == child) return first.block.get();
  }
  return store_->get(frame.node.links[child]);
}

// Asks for `child` and those after it, as far as they may be leaves: a part that is too large for
// one block is a node with children of its own, which come before the next part.
void FileCursor::fetch_ahead(Frame& frame, size_t child) {
  const size_t count_max = std::min(threads_ * kBlocksAheadPerThread, kBlocksAheadMax);
  const FileNode& node = frame.node;
  frame.next_ahead = std::max(frame.next_ahead, child);
  for (; frame.next_ahead < node.links.size() && ahead_count_ < count_max; ++frame.next_ahead) {
    const size_t next = frame.next_ahead;
    if (node.child_size(next) == 0) continue;
    if (node.child_size(next) > kBlockBytesMax) return;
    if (next > child && frame.begin + node.child_begin(next) >= ahead_end_) return;
    if (next == child && next + 1 == node.links.size() && frame.ahead.empty()) return;
    frame.ahead.push_back({next, fetch_later(node.links[next])});
    ++ahead_count_;
  }
}

std::future<FileCursor::Fetched> FileCursor::fetch_later(const Cid& cid) {
  if (!pool_) pool_ = std::make_unique<ThreadPool>(threads_);
  auto task = std::make_shared<std::packaged_task<Fetched()>>(
      [store = store_, cid] { return store->get(cid); });
  auto block = task->get_future();
  pool_->submit([task] { (*task)(); });
  return block;
}

}  // namespace timerose::unixfs
