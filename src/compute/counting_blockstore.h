// A Blockstore that counts what is read through it: for a Receipt's circumstances. Used by one
// thread.
#pragma once

#include "blockstore/blockstore.h"

namespace timerose::compute {

class CountingBlockstore final : public Blockstore {
 public:
  explicit CountingBlockstore(Blockstore& store) : store_(store) {}

  [[nodiscard]] uint64_t blocks_read() const { return blocks_read_; }
  [[nodiscard]] uint64_t bytes_read() const { return bytes_read_; }

  Result<SharedBytes> get(const Cid& cid) override {
    auto block = store_.get(cid);
    if (block.ok()) {
      ++blocks_read_;
      bytes_read_ += block->size();
    }
    return block;
  }
  Result<bool> has(const Cid& cid) override { return store_.has(cid); }
  Result<uint64_t> size(const Cid& cid) override { return store_.size(cid); }
  using Blockstore::put;
  Status put(std::span<const Block> blocks) override { return store_.put(blocks); }
  Status flush() override { return store_.flush(); }
  Status remove(const Cid& cid) override { return store_.remove(cid); }
  Status for_each(const std::function<Status(ByteView, uint64_t)>& visit) override {
    return store_.for_each(visit);
  }

 private:
  Blockstore& store_;
  uint64_t blocks_read_ = 0;
  uint64_t bytes_read_ = 0;
};

}  // namespace timerose::compute
