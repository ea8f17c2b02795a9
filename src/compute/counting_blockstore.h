// A Blockstore that counts what is read through it: for a Receipt's circumstances. Used by one
// thread.
#pragma once

#include "blockstore/forwarding_blockstore.h"

namespace timerose::compute {

class CountingBlockstore final : public ForwardingBlockstore {
 public:
  using ForwardingBlockstore::ForwardingBlockstore;

  [[nodiscard]] uint64_t blocks_read() const { return blocks_read_; }
  [[nodiscard]] uint64_t bytes_read() const { return bytes_read_; }

  Result<SharedBytes> get(const Cid& cid) override {
    auto block = below().get(cid);
    if (block.ok()) {
      ++blocks_read_;
      bytes_read_ += block->size();
    }
    return block;
  }

 private:
  uint64_t blocks_read_ = 0;
  uint64_t bytes_read_ = 0;
};

}  // namespace timerose::compute
