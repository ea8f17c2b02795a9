// Blocks in memory: for tests, for --only-hash style work, and as the scratch space of a call.
#pragma once

#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "blockstore/blockstore.h"

namespace timerose {

class MemoryBlockstore final : public Blockstore {
 public:
  // put() beyond `bytes_max` bytes of block data is kNoSpace; the blocks before it are stored.
  explicit MemoryBlockstore(uint64_t bytes_max = UINT64_MAX) : bytes_max_(bytes_max) {}

  Result<SharedBytes> get(const Cid& cid) override;
  Result<bool> has(const Cid& cid) override;
  Result<uint64_t> size(const Cid& cid) override;
  using Blockstore::put;
  Status put(std::span<const Block> blocks) override;
  Status flush() override { return success(); }
  Status remove(const Cid& cid) override;
  Status for_each(const std::function<Status(ByteView, uint64_t)>& visit) override;

 private:
  // Lets a lookup go by the bytes in a CID, without a string made of them.
  struct KeyHash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };

  const uint64_t bytes_max_;
  std::shared_mutex mutex_;  // of what follows
  uint64_t bytes_ = 0;
  std::unordered_map<std::string, SharedBytes, KeyHash, std::equal_to<>> blocks_;  // by multihash
};

}  // namespace timerose
