// A Blockstore in front of another that keeps the blocks read last, up to a limit of bytes: looking
// up paths and reading at random places ask for the same few blocks again and again, and each
// get() of the store below verifies its block anew. For one call, so not thread-safe.
#pragma once

#include <list>
#include <unordered_map>

#include "blockstore/forwarding_blockstore.h"

namespace timerose::wasi::vfs {

class RecentBlocks final : public ForwardingBlockstore {
 public:
  static constexpr uint64_t kBytesMax = 16U << 20;

  explicit RecentBlocks(Blockstore& below, uint64_t bytes_max = kBytesMax)
      : ForwardingBlockstore(below), bytes_max_(bytes_max) {}

  Result<SharedBytes> get(const Cid& cid) override;

 private:
  struct Kept {
    Cid cid;
    SharedBytes data;
  };
  void make_room(uint64_t bytes);

  const uint64_t bytes_max_;
  uint64_t bytes_ = 0;
  std::list<Kept> kept_;  // the most recent first
  std::unordered_map<Cid, std::list<Kept>::iterator> by_cid_;
};

}  // namespace timerose::wasi::vfs
