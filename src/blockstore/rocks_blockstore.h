// Blocks on disk, in a RocksDatabase.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "blockstore/blockstore.h"
#include "blockstore/rocks_database.h"

namespace timerose {

class RocksBlockstore final : public Blockstore {
 public:
  // `database` must outlive it.
  explicit RocksBlockstore(RocksDatabase& database) : database_(database) {}

  Result<SharedBytes> get(const Cid& cid) override;
  Result<SharedBytes> get_unverified(const Cid& cid) override;
  Result<bool> has(const Cid& cid) override;
  Result<uint64_t> size(const Cid& cid) override;
  using Blockstore::put;
  Status put(std::span<const Block> blocks) override;
  Status flush() override { return database_.flush(); }
  Status remove(const Cid& cid) override;
  Status for_each(const std::function<Status(ByteView multihash, uint64_t size)>& visit) override;

 private:
  std::optional<SharedBytes> find_at_hand(const Cid& cid);  // without the disk
  Result<SharedBytes> read(const Cid& cid);

  RocksDatabase& database_;
};

}  // namespace timerose
