#include "http/way.h"

#include <unordered_set>

#include "blockstore/forwarding_blockstore.h"
#include "unixfs/resolve.h"

namespace timerose::http {
namespace {

// Remembers the blocks that it is asked for, each once. For one thread.
class RecordingBlockstore final : public ForwardingBlockstore {
 public:
  using ForwardingBlockstore::ForwardingBlockstore;

  Result<SharedBytes> get(const Cid& cid) override {
    auto block = below().get(cid);
    failed_ = !block.ok();
    if (block.ok() && seen_.insert(cid).second) blocks_.push_back(cid);
    return block;
  }

  // Whether the last block that was asked for could not be had.
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::vector<Cid> take_blocks() { return std::move(blocks_); }

 private:
  bool failed_ = false;
  std::unordered_set<Cid> seen_;
  std::vector<Cid> blocks_;
};

bool is_dead_end(const Error& error) {
  return error.code == ErrorCode::kNotFound || error.code == ErrorCode::kInvalidArgument;
}

}  // namespace

Result<Way> find_way(Blockstore& store, const Cid& root, const std::vector<std::string>& segments) {
  RecordingBlockstore recorder(store);
  Way way{.terminus = root, .blocks = {}, .roots = {root}, .inside = false, .dead_end = {}};
  // Segment by segment, so that each block on the way is known; segments inside a block's value are
  // gathered until one leads out of it.
  std::vector<std::string> inside;
  for (const std::string& segment : segments) {
    inside.push_back(segment);
    auto resolved = unixfs::resolve(recorder, {way.terminus, inside});
    if (!resolved.ok()) {
      if (recorder.failed() || !is_dead_end(resolved.error())) return std::move(resolved).error();
      way.dead_end = resolved.error().message;
      return way;
    }
    way.inside = !resolved->rest.empty();
    way.terminus = resolved->cid;
    inside = std::move(resolved->rest);
    if (!way.inside) way.roots.push_back(way.terminus);
  }
  way.blocks = recorder.take_blocks();
  std::erase(way.blocks, way.terminus);
  return way;
}

}  // namespace timerose::http
