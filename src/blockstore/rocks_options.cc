#include "blockstore/rocks_options.h"

#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "base/file.h"

namespace timerose {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlobBytesMin = 1024;
// Each memory table becomes one blob file. Three of them bound the memory that an add takes, and
// are enough to hash, write and sync at the same time.
constexpr size_t kBlockTableBytes = 16U << 20;
constexpr int kBlockTables = 3;
constexpr size_t kRecordTableBytes = 4U << 20;
constexpr size_t kCacheBytes = 8U << 20;
constexpr int kOpenFilesMax = 256;
// What an opener has to read again.
constexpr uint64_t kLogBytesMax = 4U << 20;
constexpr double kFilterBitsPerKey = 10;

rocksdb::ColumnFamilyOptions options_of(size_t table_bytes, int tables,
                                        const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  table.block_cache = cache;
  table.format_version = 5;

  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kNoCompression;
  options.write_buffer_size = table_bytes;
  options.max_write_buffer_number = tables;
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = 0.02;
  // Tables are small (large values lie in blob files), so many may gather before they are merged.
  options.level0_file_num_compaction_trigger = 8;
  options.level0_slowdown_writes_trigger = 64;
  options.level0_stop_writes_trigger = 128;
  options.enable_blob_files = true;
  options.min_blob_size = kBlobBytesMin;
  // Only compact() copies blobs: an add never writes anything twice.
  options.enable_blob_garbage_collection = false;
  return options;
}

// Whether files here can be written around the page cache: not on tmpfs of older kernels.
bool takes_direct_writes(const fs::path& folder) {
  std::error_code failure;
  const fs::path place = fs::exists(folder, failure) ? folder : folder.parent_path();
  const FileDescriptor unnamed(::open(place.empty() ? "." : place.c_str(),
                                      O_TMPFILE | O_DIRECT | O_WRONLY | O_CLOEXEC, 0600));
  return unnamed.valid();
}

}  // namespace

size_t count_logs(const fs::path& folder) {
  size_t count = 0;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (entry.path().extension() == ".log") ++count;
  }
  return count;
}

rocksdb::DBOptions database_options(const fs::path& folder, rocksdb::Env* env, Access access,
                                    std::shared_ptr<rocksdb::Logger> logger) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = access == Access::kReadWrite;
  options.create_missing_column_families = true;
  // A log may end within a record (its process was killed). Damage before the end is an error: all
  // behind it would be lost otherwise, in silence.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_open_files = kOpenFilesMax;
  options.max_background_flushes = 2;
  options.max_background_compactions = 1;
  options.max_total_wal_size = kLogBytesMax;
  options.avoid_flush_during_recovery =
      access == Access::kReadOnly || count_logs(folder) < kLogFilesMax;
  options.avoid_flush_during_shutdown = true;
  options.bytes_per_sync = 1U << 20;
  // Blobs are written once, and seldom read at once: around the page cache they take nobody's place
  // in it, and there is nothing to wait for at the end.
  options.use_direct_io_for_flush_and_compaction =
      access == Access::kReadWrite && takes_direct_writes(folder);
  options.info_log = std::move(logger);
  // What opening does not need.
  options.max_file_opening_threads = 1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  options.skip_checking_sst_file_sizes_on_db_open = true;
  options.avoid_unnecessary_blocking_io = true;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_options() {
  const auto cache = rocksdb::NewLRUCache(kCacheBytes);
  return {
      {rocksdb::kDefaultColumnFamilyName, options_of(kBlockTableBytes, kBlockTables, cache)},
      {"records", options_of(kRecordTableBytes, 2, cache)},
  };
}

}  // namespace timerose
