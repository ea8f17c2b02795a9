#include "blockstore/rocks_database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "blockstore/crc32c.h"
#include "blockstore/rocks_environment.h"
#include "blockstore/rocks_error.h"
#include "blockstore/rocks_handles.h"
#include "blockstore/rocks_options.h"
#include "blockstore/write_queue.h"

namespace timerose {
namespace {

namespace fs = std::filesystem;

// compact() copies live blobs only where this share of all is garbage.
constexpr uint64_t kGarbageShareMin = 8;

Error busy(const fs::path& folder, const std::string& holder) {
  return Error{ErrorCode::kBusy,
               fmt::format("the block database in {} is in use by {}; wait until it has ended, or "
                           "set TIMEROSE_PATH to another repository",
                           folder.string(), holder)};
}

Error open_error(const rocksdb::Status& status, const fs::path& folder,
                 const DamageLogger& logger) {
  const std::string damaged = logger.damaged_log();
  if (status.IsCorruption() && !damaged.empty()) {
    return Error{
        ErrorCode::kMismatch,
        fmt::format("opening the block database in {}: its write-ahead log {} is damaged "
                    "({}); restore it from a copy, or move it to another folder: then only "
                    "what was written through it is lost, and `timerose repo verify` says "
                    "whether the rest is whole",
                    folder.string(), damaged, status.ToString())};
  }
  const std::string text = status.ToString();
  const bool locked =
      status.IsIOError() && text.find((folder / "LOCK").string()) != std::string::npos;
  const std::string holder = locked ? lock_holder(folder) : "";
  return holder.empty() ? rocks_error(status, "opening", folder) : busy(folder, holder);
}

// A share of the lock that RocksDB takes for itself when it writes; nothing if there is no
// database yet.
Result<FileDescriptor> share_lock(const fs::path& folder) {
  const fs::path path = folder / "LOCK";
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() && errno == ENOENT) return file;
  if (!file.valid()) return errno_error(errno, fmt::format("opening {}", path.string()));
  struct flock whole{};
  whole.l_type = F_RDLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(file.get(), F_SETLK, &whole) == 0) return file;
  if (errno != EAGAIN && errno != EACCES) {
    return errno_error(errno, fmt::format("locking {}", path.string()));
  }
  const std::string holder = lock_holder(folder);
  return busy(folder, holder.empty() ? "a process that has just ended" : holder);
}

// Between the making of the database and that of its second family its process was killed: nothing
// can be in it.
bool is_half_made(const rocksdb::Status& status) {
  return status.IsInvalidArgument() &&
         status.ToString().find("Column family not found") != std::string::npos;
}

// RocksDB gives up logs only when it writes a table, which it does not do for empty ones: so that
// it has something to write, a record is erased that nobody has.
Status drop_logs(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                 const fs::path& folder) {
  rocksdb::Status status = db.Delete({}, families.back(), "");
  if (status.ok()) status = db.Flush({}, families);
  return status.ok() ? success() : Status(rocks_error(status, "dropping old logs of", folder));
}

// So that the database's own folder is still there after a crash of the machine.
Status sync_folder(const fs::path& path) {
  const fs::path folder = path.empty() ? "." : path;
  const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.valid() && ::fsync(directory.get()) == 0) return success();
  return errno_error(errno, fmt::format("syncing {}", folder.string()));
}

}  // namespace

RocksDatabase::RocksDatabase(fs::path folder, uint64_t bytes_max)
    : folder_(std::move(folder)), bytes_max_(bytes_max) {}

RocksDatabase::~RocksDatabase() = default;

void RocksDatabase::take(std::unique_ptr<Handles> handles, Access access) {
  handles_ = std::move(handles);
  queue_ = std::make_unique<WriteQueue>(handles_->db.get(), handles_->blocks, handles_->records,
                                        folder_, bytes_max_, access);
}

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::open(const fs::path& folder,
                                                           const Options& options) {
  // The check value of CRC-32C; naming the function is also what links it.
  CHECK(rocksdb_crc32c_extend(0, "123456789", 9) == 0xe3069283);
  std::unique_ptr<RocksDatabase> database(new RocksDatabase(folder, options.bytes_max));
  TR_ASSIGN(auto handles, options.access == Access::kReadOnly ? Handles::open_reading(folder)
                                                              : Handles::open_writing(folder));
  database->take(std::move(handles), options.access);
  return database;
}

Status RocksDatabase::begin_writing() {
  if (queue_->access() == Access::kReadWrite) return success();
  TR_ASSIGN(auto handles, Handles::open_writing(folder_));
  reading_ = std::move(handles_);
  take(std::move(handles), Access::kReadWrite);
  return success();
}

Result<std::unique_ptr<RocksDatabase::Handles>> RocksDatabase::Handles::open_reading(
    const fs::path& folder) {
  auto handles = std::make_unique<Handles>();
  TR_ASSIGN(handles->lock, share_lock(folder));
  std::error_code failure;
  if (!handles->lock.valid() || !fs::exists(folder / "CURRENT", failure)) return handles;
  handles->env = quick_environment();
  const auto logger = std::make_shared<DamageLogger>();
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(
      database_options(folder, handles->env.get(), Access::kReadOnly, logger), folder.string(),
      family_options(), &opened, &db);
  if (is_half_made(status)) return handles;
  if (!status.ok()) return open_error(status, folder, *logger);
  handles->take(db, opened);
  return handles;
}

Result<std::unique_ptr<RocksDatabase::Handles>> RocksDatabase::Handles::open_writing(
    const fs::path& folder) {
  auto handles = std::make_unique<Handles>();
  handles->env = quick_environment();
  const auto logger = std::make_shared<DamageLogger>();
  std::error_code failure;
  const bool existed = fs::exists(folder, failure);
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(database_options(folder, handles->env.get(), Access::kReadWrite, logger),
                        folder.string(), family_options(), &opened, &db);
  if (!status.ok()) return open_error(status, folder, *logger);
  handles->take(db, opened);
  if (!existed) TR_TRY(sync_folder(folder.parent_path()));
  if (count_logs(folder) >= kLogFilesMax) TR_TRY(drop_logs(*db, opened, folder));
  return handles;
}

Status RocksDatabase::flush() { return queue_->flush(); }

RocksDatabase::Usage RocksDatabase::usage() const {
  return {queue_->live_bytes(), queue_->bytes_max()};
}

Status RocksDatabase::compact() {
  TR_TRY(queue_->check_writable());
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
