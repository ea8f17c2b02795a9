#include "blockstore/write_queue.h"

#include <fmt/format.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <tuple>

#include "blockstore/rocks_error.h"
#include "multiformats/varint.h"

namespace timerose {
namespace {

// What is left free on a disk so that the database can still be opened, read and collected.
constexpr uint64_t kReserveBytesMax = 8U << 20;
constexpr uint64_t kReserveShareOfDisk = 16;
// RocksDB's own bytes for an entry in a batch or a memory table, about.
constexpr size_t kEntryOverheadBytes = 96;

uint64_t property(rocksdb::DB& db, const std::string& name) {
  uint64_t value = 0;
  return db.GetAggregatedIntProperty(name, &value) ? value : 0;
}

}  // namespace

WriteQueue::WriteQueue(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* blocks,
                       rocksdb::ColumnFamilyHandle* records, std::filesystem::path folder,
                       uint64_t bytes_max, Access access)
    : db_(db),
      blocks_(blocks),
      records_(records),
      folder_(std::move(folder)),
      bytes_max_(bytes_max),
      access_(access) {
  measure();
}

void WriteQueue::measure() {
  if (db_ == nullptr) return;
  uint64_t blobs = 0;
  uint64_t garbage = 0;
  db_->GetIntProperty(blocks_, "rocksdb.live-blob-file-size", &blobs);
  db_->GetIntProperty(blocks_, "rocksdb.live-blob-file-garbage-size", &garbage);
  live_bytes_ = property(*db_, "rocksdb.live-sst-files-size") + blobs - std::min(blobs, garbage);
}

std::optional<SharedBytes> WriteQueue::find_block(std::string_view multihash) {
  const std::shared_lock lock(state_mutex_);
  if (const auto found = waiting_.blocks.find(multihash); found != waiting_.blocks.end()) {
    return found->second;
  }
  if (writing_ == nullptr) return std::nullopt;
  const auto found = writing_->blocks.find(multihash);
  return found == writing_->blocks.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::pair<std::string, uint64_t>> WriteQueue::block_sizes() {
  const std::shared_lock lock(state_mutex_);
  std::vector<std::pair<std::string, uint64_t>> sizes;
  sizes.reserve(waiting_.blocks.size() + (writing_ == nullptr ? 0 : writing_->blocks.size()));
  for (const auto& [key, data] : waiting_.blocks) sizes.emplace_back(key, data.size());
  if (writing_ == nullptr) return sizes;
  for (const auto& [key, data] : writing_->blocks) sizes.emplace_back(key, data.size());
  return sizes;
}

Status WriteQueue::check_writable() const {
  if (access_ == Access::kReadWrite) return success();
  return Error{ErrorCode::kPermission,
               fmt::format("the block database in {} is open for reading only", folder_.string())};
}

Status WriteQueue::put_block(std::string_view multihash, const SharedBytes& data) {
  TR_TRY(check_writable());
  TR_TRY(spill_if_full());
  const std::unique_lock lock(state_mutex_);
  if (waiting_.blocks.contains(multihash)) return success();
  if (writing_ != nullptr && writing_->blocks.contains(multihash)) return success();
  const size_t cost = data.size() + kEntryOverheadBytes;
  const uint64_t used = live_bytes_ + waiting_.block_bytes;
  if (bytes_max_ != 0 && used + cost > bytes_max_) {
    return Error{ErrorCode::kNoSpace,
                 fmt::format("the storage limit of {} bytes is reached ({} are used, a block of {} "
                             "does not fit); free space by `timerose repo gc`, or raise "
                             "Storage.Limit",
                             bytes_max_, used, data.size())};
  }
  waiting_.blocks.emplace(multihash, data);
  waiting_.block_bytes += cost;
  ++last_change_;
  return success();
}

Status WriteQueue::remove_block(std::string_view multihash) {
  TR_TRY(check_writable());
  const std::lock_guard writer(write_mutex_);
  {
    const std::unique_lock lock(state_mutex_);
    ++last_change_;
    if (const auto found = waiting_.blocks.find(multihash); found != waiting_.blocks.end()) {
      waiting_.block_bytes -= found->second.size() + kEntryOverheadBytes;
      waiting_.blocks.erase(found);
    }
  }
  TR_TRY(resume_after_failure());
  rocksdb::WriteBatch batch;
  batch.Delete(blocks_, block_key(kSizePrefix, multihash));
  batch.Delete(blocks_, block_key(kDataPrefix, multihash));
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  blocks_around_log_ = true;
  const rocksdb::Status removed = db_->Write(options, &batch);
  if (removed.ok()) return success();
  failed_ = true;
  return rocks_error(removed, "removing a block from", folder_);
}

std::optional<WriteQueue::Record> WriteQueue::find_record(std::string_view key) {
  const std::shared_lock lock(state_mutex_);
  if (const auto found = waiting_.records.find(key); found != waiting_.records.end()) {
    return found->second;
  }
  if (writing_ == nullptr) return std::nullopt;
  const auto found = writing_->records.find(key);
  return found == writing_->records.end() ? std::nullopt : std::optional(found->second);
}

WriteQueue::Records WriteQueue::records_from(std::string_view prefix) {
  const std::shared_lock lock(state_mutex_);
  Records found;
  // insert() keeps what is there: the newer ones come first.
  const auto gather = [&](const Records& records) {
    for (auto entry = records.lower_bound(prefix);
         entry != records.end() && entry->first.starts_with(prefix); ++entry) {
      found.insert(*entry);
    }
  };
  gather(waiting_.records);
  if (writing_ != nullptr) gather(writing_->records);
  return found;
}

Status WriteQueue::put_record(std::string key, Record value) {
  TR_TRY(check_writable());
  TR_TRY(spill_if_full());
  const std::unique_lock lock(state_mutex_);
  waiting_.record_bytes += key.size() + (value ? value->size() : 0) + kEntryOverheadBytes;
  waiting_.records.insert_or_assign(std::move(key), std::move(value));
  ++last_change_;
  return success();
}

Status WriteQueue::spill_if_full() {
  const auto waiting_bytes = [this] {
    const std::shared_lock lock(state_mutex_);
    return std::pair(waiting_.block_bytes, waiting_.record_bytes);
  };
  auto [block_bytes, record_bytes] = waiting_bytes();
  if (block_bytes + record_bytes < kSpillBytes) return success();
  const std::lock_guard writer(write_mutex_);
  std::tie(block_bytes, record_bytes) = waiting_bytes();
  if (block_bytes + record_bytes < kSpillBytes) return success();  // another thread was faster
  return write_waiting(Log::kAround, record_bytes >= kSpillBytes / 2);
}

Status WriteQueue::write_waiting(Log log, bool with_records) {
  auto batch = std::make_shared<Batch>();
  {
    const std::unique_lock lock(state_mutex_);
    if (with_records) {
      std::swap(*batch, waiting_);
    } else {
      std::swap(batch->blocks, waiting_.blocks);
      std::swap(batch->block_bytes, waiting_.block_bytes);
    }
    if (batch->empty()) return success();
    writing_ = batch;
  }
  Status written = write(*batch, log);
  const std::unique_lock lock(state_mutex_);
  writing_.reset();
  if (!written) return take_back(std::move(*batch), std::move(written).error());
  live_bytes_ += batch->block_bytes;
  return success();
}

Status WriteQueue::write(const Batch& batch, Log log) {
  const size_t bytes = batch.block_bytes + batch.record_bytes;
  TR_TRY(check_disk(bytes));
  TR_TRY(resume_after_failure());
  rocksdb::WriteBatch writes(bytes + (batch.blocks.size() + batch.records.size()) * 64);
  Bytes size;
  for (const auto& [multihash, data] : batch.blocks) {
    size.clear();
    varint_append(size, data.size());
    writes.Put(blocks_, block_key(kSizePrefix, multihash), slice_of(as_text(size)));
    writes.Put(blocks_, block_key(kDataPrefix, multihash), slice_of(as_text(data.view())));
  }
  for (const auto& [key, value] : batch.records) {
    if (value) {
      writes.Put(records_, key, slice_of(as_text(*value)));
    } else {
      writes.Delete(records_, key);
    }
  }
  rocksdb::WriteOptions options;
  options.disableWAL = log == Log::kAround;
  options.sync = log == Log::kThrough;
  if (log == Log::kAround) {
    blocks_around_log_ |= !batch.blocks.empty();
    records_around_log_ |= !batch.records.empty();
  }
  const rocksdb::Status written = db_->Write(options, &writes);
  if (written.ok()) return success();
  failed_ = true;
  return rocks_error(written, "writing to", folder_);
}

// What could not be written waits on, so that it is still there to be read and to be tried again.
Status WriteQueue::take_back(Batch batch, Error error) {
  waiting_.block_bytes += batch.block_bytes;
  waiting_.record_bytes += batch.record_bytes;
  waiting_.blocks.merge(batch.blocks);
  waiting_.records.merge(batch.records);
  return error;
}

Status WriteQueue::flush() {
  uint64_t wanted = 0;
  {
    const std::shared_lock lock(state_mutex_);
    wanted = last_change_;
  }
  const std::lock_guard flusher(flush_mutex_);
  if (durable_ >= wanted) return success();  // done by the caller before
  uint64_t reached = 0;
  bool around_log = false;
  {
    const std::lock_guard writer(write_mutex_);
    {
      const std::shared_lock lock(state_mutex_);
      reached = last_change_;
    }
    around_log = blocks_around_log_ || records_around_log_;
    TR_TRY(around_log ? write_waiting(Log::kAround, false) : write_waiting(Log::kThrough, true));
  }
  if (around_log) {
    TR_TRY(flush_memory_tables());
    const std::lock_guard writer(write_mutex_);
    bool records_wait = false;
    {
      const std::shared_lock lock(state_mutex_);
      records_wait = !waiting_.records.empty();
    }
    if (records_wait) TR_TRY(write_waiting(Log::kThrough, true));
  }
  durable_ = reached;
  return success();
}

Status WriteQueue::flush_memory_tables() {
  bool blocks = false;
  bool records = false;
  {
    const std::lock_guard writer(write_mutex_);
    TR_TRY(resume_after_failure());
    blocks = std::exchange(blocks_around_log_, false);
    records = std::exchange(records_around_log_, false);
  }
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;
  rocksdb::Status flushed;
  if (blocks) flushed = db_->Flush(options, blocks_);
  if (flushed.ok() && records) flushed = db_->Flush(options, records_);
  if (flushed.ok()) {
    measure();
    return success();
  }
  const std::lock_guard writer(write_mutex_);
  failed_ = true;
  blocks_around_log_ |= blocks;
  records_around_log_ |= records;
  return rocks_error(flushed, "flushing", folder_);
}

Status WriteQueue::check_disk(size_t bytes_to_write) {
  std::error_code failure;
  const std::filesystem::space_info disk = std::filesystem::space(folder_, failure);
  if (failure) return success();  // then the write itself will tell
  const uint64_t reserve = std::min(kReserveBytesMax, disk.capacity / kReserveShareOfDisk);
  const uint64_t in_memory = property(*db_, "rocksdb.cur-size-all-mem-tables");
  const uint64_t needed = bytes_to_write + in_memory + reserve;
  if (disk.available >= needed) return success();
  return Error{ErrorCode::kNoSpace,
               fmt::format("the disk of {} is full: {} bytes are free, {} are needed; nothing that "
                           "was stored is lost, free space and try again",
                           folder_.string(), disk.available, needed)};
}

// After a failed write RocksDB refuses all others until it is told that the cause is gone.
Status WriteQueue::resume_after_failure() {
  if (!failed_) return success();
  const rocksdb::Status resumed = db_->Resume();
  if (!resumed.ok()) return rocks_error(resumed, "resuming writes to", folder_);
  failed_ = false;
  return success();
}

}  // namespace timerose
