#include "blockstore/rocks_database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "blockstore/crc32c.h"
#include "blockstore/rocks_environment.h"
#include "blockstore/rocks_error.h"
#include "blockstore/rocks_handles.h"
#include "blockstore/write_queue.h"

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
// What an opener has to read again: bytes of log, and files of it (one is made by each opening).
constexpr uint64_t kLogBytesMax = 4U << 20;
constexpr size_t kLogFilesMax = 16;
constexpr double kFilterBitsPerKey = 10;
// compact() copies live blobs only where this share of all is garbage.
constexpr uint64_t kGarbageShareMin = 8;

size_t log_files(const fs::path& folder) {
  size_t count = 0;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (entry.path().extension() == ".log") ++count;
  }
  return count;
}

rocksdb::DBOptions database_options(const fs::path& folder, rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_open_files = kOpenFilesMax;
  options.max_background_flushes = 2;
  options.max_background_compactions = 1;
  options.max_total_wal_size = kLogBytesMax;
  options.avoid_flush_during_recovery = log_files(folder) < kLogFilesMax;
  options.avoid_flush_during_shutdown = true;
  options.bytes_per_sync = 1U << 20;
  // What opening does not need.
  options.info_log = silent_logger();
  options.max_file_opening_threads = 1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  options.skip_checking_sst_file_sizes_on_db_open = true;
  options.avoid_unnecessary_blocking_io = true;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(size_t table_bytes, int tables,
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

Error open_error(const rocksdb::Status& status, const fs::path& folder) {
  const std::string text = status.ToString();
  const bool locked =
      status.IsIOError() && text.find((folder / "LOCK").string()) != std::string::npos;
  const std::string holder = locked ? lock_holder(folder) : "";
  if (holder.empty()) return rocks_error(status, "opening", folder);
  return Error{ErrorCode::kBusy,
               fmt::format("the block database in {} is in use by {}; wait until it has ended, or "
                           "set TIMEROSE_PATH to another repository",
                           folder.string(), holder)};
}

// So that the database's own folder is still there after a crash of the machine.
Status sync_folder(const fs::path& path) {
  const fs::path folder = path.empty() ? "." : path;
  const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.valid() && ::fsync(directory.get()) == 0) return success();
  return errno_error(errno, fmt::format("syncing {}", folder.string()));
}

}  // namespace

RocksDatabase::RocksDatabase(fs::path folder, std::unique_ptr<Handles> handles, uint64_t bytes_max)
    : folder_(std::move(folder)),
      handles_(std::move(handles)),
      queue_(std::make_unique<WriteQueue>(*handles_->db, handles_->blocks, handles_->records,
                                          folder_, bytes_max)) {}

RocksDatabase::~RocksDatabase() = default;

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::open(const fs::path& folder,
                                                           const Options& options) {
  // The check value of CRC-32C; naming the function is also what links it.
  CHECK(rocksdb_crc32c_extend(0, "123456789", 9) == 0xe3069283);
  const auto cache = rocksdb::NewLRUCache(kCacheBytes);
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, family_options(kBlockTableBytes, kBlockTables, cache)},
      {"records", family_options(kRecordTableBytes, 2, cache)},
  };
  auto handles = std::make_unique<Handles>();
  handles->env = quick_environment();
  std::error_code failure;
  const bool existed = fs::exists(folder, failure);
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(database_options(folder, handles->env.get()),
                                                   folder.string(), families, &opened, &db);
  if (!status.ok()) return open_error(status, folder);
  handles->db.reset(db);
  handles->blocks = opened[0];
  handles->records = opened[1];
  if (!existed) TR_TRY(sync_folder(folder.parent_path()));
  return std::unique_ptr<RocksDatabase>(
      new RocksDatabase(folder, std::move(handles), options.bytes_max));
}

Status RocksDatabase::flush() { return queue_->flush(); }

RocksDatabase::Usage RocksDatabase::usage() const {
  return {queue_->live_bytes(), queue_->bytes_max()};
}

Status RocksDatabase::compact() {
  TR_TRY(queue_->flush());
  rocksdb::DB& db = *handles_->db;
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  // First without the blobs: it finds out which are garbage, and drops files with nothing else.
  rocksdb::Status status = db.CompactRange(options, handles_->blocks, nullptr, nullptr);
  uint64_t blobs = 0;
  uint64_t garbage = 0;
  db.GetIntProperty(handles_->blocks, "rocksdb.live-blob-file-size", &blobs);
  db.GetIntProperty(handles_->blocks, "rocksdb.live-blob-file-garbage-size", &garbage);
  std::error_code failure;
  const bool room = fs::space(folder_, failure).available > blobs - std::min(blobs, garbage);
  if (status.ok() && garbage > 0 && garbage >= blobs / kGarbageShareMin && room) {
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    options.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kForce;
    options.blob_garbage_collection_age_cutoff = 1.0;
    status = db.CompactRange(options, handles_->blocks, nullptr, nullptr);
  }
  if (!status.ok()) return rocks_error(status, "compacting", folder_);
  queue_->measure();
  return success();
}

}  // namespace timerose
