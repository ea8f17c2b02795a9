// Between the stores and RocksDB: gathers small writes, and makes them durable together. For the
// files of this folder only.
//
// Changes wait in memory until there are kSpillBytes of them, or somebody flushes. Then
// - few bytes go through RocksDB's log with one fsync, blocks and records in one atomic batch;
// - many bytes go around the log, so that they are written once: into RocksDB's memory table, from
//   there to blob files and tables in the background. flush() waits until those are synced.
// Records become durable after the blocks that were put before them. Of a database that is open for
// reading only, it refuses all changes with kPermission.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "blockstore/rocks_handles.h"

namespace timerose {

class WriteQueue {
 public:
  static constexpr size_t kSpillBytes = 1U << 20;

  // A record, or nothing where one is to be erased.
  using Record = std::optional<Bytes>;
  using Records = std::map<std::string, Record, std::less<>>;

  // `db` may be null where `access` is kReadOnly.
  WriteQueue(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* blocks,
             rocksdb::ColumnFamilyHandle* records, std::filesystem::path folder, uint64_t bytes_max,
             Access access);

  // The block, if it waits here.
  std::optional<SharedBytes> find_block(std::string_view multihash);
  std::vector<std::pair<std::string, uint64_t>> block_sizes();
  // Of a block that RocksDB does not have; one that waits here already is not added again.
  Status put_block(std::string_view multihash, const SharedBytes& data);
  Status remove_block(std::string_view multihash);

  // What is to become of the record, if it waits here.
  std::optional<Record> find_record(std::string_view key);
  Records records_from(std::string_view prefix);
  Status put_record(std::string key, Record value);

  [[nodiscard]] Status check_writable() const;
  Status flush();
  // Counts again what RocksDB has on the disk.
  void measure();
  [[nodiscard]] uint64_t live_bytes() const { return live_bytes_; }
  [[nodiscard]] uint64_t bytes_max() const { return bytes_max_; }
  [[nodiscard]] Access access() const { return access_; }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Batch {
    std::unordered_map<std::string, SharedBytes, TextHash, std::equal_to<>> blocks;
    Records records;
    size_t block_bytes = 0;
    size_t record_bytes = 0;
    [[nodiscard]] bool empty() const { return blocks.empty() && records.empty(); }
  };
  enum class Log { kAround, kThrough };

  Status spill_if_full();
  // These three need write_mutex_.
  Status write_waiting(Log log, bool with_records);
  Status write(const Batch& batch, Log log);
  Status take_back(Batch batch, Error error);

  Status flush_memory_tables();
  [[nodiscard]] Status check_disk(size_t bytes_to_write);
  [[nodiscard]] Status resume_after_failure();

  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const blocks_;
  rocksdb::ColumnFamilyHandle* const records_;
  const std::filesystem::path folder_;
  const uint64_t bytes_max_;
  const Access access_;
  std::atomic<uint64_t> live_bytes_{0};

  // Taken in this order. flush_mutex_: by the one caller that makes things durable.
  std::mutex flush_mutex_;
  uint64_t durable_ = 0;  // all changes up to this number are
  // write_mutex_: by whoever writes to RocksDB.
  std::mutex write_mutex_;
  bool blocks_around_log_ = false;  // since the last flush of the memory tables
  bool records_around_log_ = false;
  bool failed_ = false;  // a write failed, so RocksDB may have stopped writing
  // state_mutex_: for moments, by everybody.
  std::shared_mutex state_mutex_;
  Batch waiting_;
  std::shared_ptr<const Batch> writing_;  // still to be read from here while RocksDB takes it
  uint64_t last_change_ = 0;
};

}  // namespace timerose
