// A Blockstore in front of another that hands every call on: what stands in front of a store
// overrides only what it changes. Thread-safe as far as the store below is.
#pragma once

#include "blockstore/blockstore.h"

namespace timerose {

class ForwardingBlockstore : public Blockstore {
 public:
  // `below` must outlive it.
  explicit ForwardingBlockstore(Blockstore& below) : below_(below) {}

  Result<SharedBytes> get(const Cid& cid) override { return below_.get(cid); }
  Result<bool> has(const Cid& cid) override { return below_.has(cid); }
  Result<uint64_t> size(const Cid& cid) override { return below_.size(cid); }
  using Blockstore::put;
  Status put(std::span<const Block> blocks) override { return below_.put(blocks); }
  Status flush() override { return below_.flush(); }
  Status remove(const Cid& cid) override { return below_.remove(cid); }
  Status for_each(const std::function<Status(ByteView multihash, uint64_t size)>& visit) override {
    return below_.for_each(visit);
  }

 protected:
  [[nodiscard]] Blockstore& below() { return below_; }

 private:
  Blockstore& below_;
};

}  // namespace timerose
