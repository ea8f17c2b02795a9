// The database of one repository: its blocks and its small records, in RocksDB.
//
// Values of 1 KiB and more lie in blob files, where compaction does not move them. Column family
// `default` holds for each block two entries, written and removed together:
//   's' multihash -> size of the block, varint: what has(), size() and for_each() read
//   'd' multihash -> its bytes
// Column family `records` holds the tables: name 0x00 key -> value.
//
// One process at a time has it open. RocksBlockstore and RocksTable are what others use; they must
// not outlive this object.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace timerose {

class WriteQueue;

class RocksDatabase {
 public:
  struct Options {
    // What the repository may take up on the disk, without what compact() could free; 0: no limit.
    uint64_t bytes_max = 0;
  };

  // Made at first use; its parent folder must exist. kBusy names the process that has it open.
  static Result<std::unique_ptr<RocksDatabase>> open(const std::filesystem::path& folder,
                                                     const Options& options);
  ~RocksDatabase();

  // On success everything written before, blocks and records, is on stable storage. Callers at the
  // same time share one write.
  Status flush();

  // Gives the space of removed blocks back to the disk, as far as it is worth the copying of what
  // lies between them: at least 1/8 of the blobs' bytes must be garbage.
  Status compact();

  struct Usage {
    uint64_t bytes = 0;      // live bytes, what bytes_max limits
    uint64_t bytes_max = 0;  // 0: no limit
  };
  [[nodiscard]] Usage usage() const;
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  friend class RocksBlockstore;
  friend class RocksTable;
  struct Handles;
  RocksDatabase(std::filesystem::path folder, std::unique_ptr<Handles> handles, uint64_t bytes_max);

  const std::filesystem::path folder_;
  const std::unique_ptr<Handles> handles_;
  const std::unique_ptr<WriteQueue> queue_;
};

}  // namespace timerose
