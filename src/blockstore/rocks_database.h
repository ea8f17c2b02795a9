// The database of one repository: its blocks and its small records, in RocksDB.
//
// Values of 1 KiB and more lie in blob files, where compaction does not move them. Column family
// `default` holds for each block two entries, written and removed together:
//   's' multihash -> size of the block, varint: what has(), size() and for_each() read
//   'd' multihash -> its bytes
// Column family `records` holds the tables: name 0x00 key -> value.
//
// Several processes may have it open for reading, or one for writing (a lock on the file LOCK). For
// reading, nothing is written at all, which makes opening cheap; what others use are
// RocksBlockstore and RocksTable, which must not outlive this object.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace timerose {

class WriteQueue;

enum class Access {
  kReadOnly,  // changes are kPermission; what is there already may be put again
  kReadWrite,
};

class RocksDatabase {
 public:
  struct Options {
    // What the repository may take up on the disk, without what compact() could free; 0: no limit.
    uint64_t bytes_max = 0;
    Access access = Access::kReadWrite;
  };

  // Made at first use; its parent folder must exist. Opened for reading, one that is not there yet
  // is empty. kBusy names a process that has it open. kMismatch for a damaged log or manifest: what
  // was durable is never left out in silence.
  static Result<std::unique_ptr<RocksDatabase>> open(const std::filesystem::path& folder,
                                                     const Options& options);
  ~RocksDatabase();

  // From here on changes are taken: opened for reading, it is now opened for writing, with no
  // moment in between when another process could have it. Not thread-safe. Nothing else is needed:
  // stores, tables and data that was read stay valid. kBusy as for open(); then reading goes on.
  Status begin_writing();

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
  RocksDatabase(std::filesystem::path folder, uint64_t bytes_max);
  void take(std::unique_ptr<Handles> handles, Access access);

  const std::filesystem::path folder_;
  const uint64_t bytes_max_;
  std::unique_ptr<Handles> reading_;  // before begin_writing(); data that was read may lie there
  std::unique_ptr<Handles> handles_;
  std::unique_ptr<WriteQueue> queue_;
};

}  // namespace timerose
