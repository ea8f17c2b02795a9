// A Blockstore in front of another that keeps the blocks read last, up to a limit of bytes: looking
// up paths and reading at random places ask for the same few blocks again and again, and each
// get() of the store below verifies its block anew. For one call, so not thread-safe.
#pragma once

#include <list>
#include <unordered_map>

#include "blockstore/blockstore.h"

namespace timerose::wasi::vfs {

class RecentBlocks final : public Blockstore {
 public:
  static constexpr uint64_t kBytesMax = 16U << 20;

  explicit RecentBlocks(Blockstore& below, uint64_t bytes_max = kBytesMax)
      : below_(below), bytes_max_(bytes_max) {}

  Result<SharedBytes> get(const Cid& cid) override;
  Result<bool> has(const Cid& cid) override { return below_.has(cid); }
  Result<uint64_t> size(const Cid& cid) override { return below_.size(cid); }
  using Blockstore::put;
  Status put(std::span<const Block> blocks) override { return below_.put(blocks); }
  Status flush() override { return below_.flush(); }
  Status remove(const Cid& cid) override { return below_.remove(cid); }
  Status for_each(const std::function<Status(ByteView, uint64_t)>& visit) override {
    return below_.for_each(visit);
  }

 private:
  struct Kept {
    Cid cid;
    SharedBytes data;
  };
  void make_room(uint64_t bytes);

  Blockstore& below_;
  const uint64_t bytes_max_;
  uint64_t bytes_ = 0;
  std::list<Kept> kept_;  // the most recent first
  std::unordered_map<Cid, std::list<Kept>::iterator> by_cid_;
};

}  // namespace timerose::wasi::vfs
