// The blocks of the node, seen from one of its worker processes: asked for one by one. Of the
// channel's thread.
#pragma once

#include "blockstore/blockstore.h"
#include "isolation/channel.h"

namespace timerose::isolation {

// The node has verified what it gives. put() is not answered: the node says at the end of the run
// if it failed.
class ChannelBlockstore final : public Blockstore {
 public:
  // Both must outlive it.
  ChannelBlockstore(Channel& channel, const Channel::OnWait& on_wait)
      : channel_(channel), on_wait_(on_wait) {}

  Result<SharedBytes> get(const Cid& cid) override;
  Result<bool> has(const Cid& cid) override;
  Result<uint64_t> size(const Cid& cid) override;
  using Blockstore::put;
  Status put(std::span<const Block> blocks) override;
  Status flush() override { return success(); }
  Status remove(const Cid& cid) override;
  Status for_each(const std::function<Status(ByteView, uint64_t)>& visit) override;

 private:
  Channel& channel_;
  const Channel::OnWait& on_wait_;
};

}  // namespace timerose::isolation
