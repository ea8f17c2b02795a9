#include "blockstore/rocks_blockstore.h"

#include <fmt/format.h>

#include <unordered_set>

#include "blockstore/rocks_error.h"
#include "blockstore/rocks_handles.h"
#include "blockstore/write_queue.h"
#include "multiformats/varint.h"

namespace timerose {
namespace {

std::string_view key_of(const Cid& cid) { return as_text(cid.multihash_bytes()); }

Error damaged(const Cid& cid, std::string_view what) {
  return Error{ErrorCode::kMismatch,
               fmt::format("block {} is damaged in the store: {}; remove it by `timerose block rm` "
                           "and add it again",
                           cid.to_string(), what)};
}

}  // namespace

// What was just put need not be hashed again.
Result<SharedBytes> RocksBlockstore::get(const Cid& cid) {
  if (auto at_hand = find_at_hand(cid)) return *std::move(at_hand);
  TR_ASSIGN(SharedBytes data, read(cid));
  TR_ASSIGN(const bool matches, cid.matches(data.view()));
  if (!matches) return damaged(cid, "its bytes do not hash to it");
  return data;
}

Result<SharedBytes> RocksBlockstore::get_unverified(const Cid& cid) {
  if (auto at_hand = find_at_hand(cid)) return *std::move(at_hand);
  return read(cid);
}

std::optional<SharedBytes> RocksBlockstore::find_at_hand(const Cid& cid) {
  if (auto data = identity_data(cid)) return data;
  return database_.queue_->find_block(key_of(cid));
}

Result<SharedBytes> RocksBlockstore::read(const Cid& cid) {
  const auto value = std::make_shared<rocksdb::PinnableSlice>();
  const RocksDatabase::Handles& handles = *database_.handles_;
  const rocksdb::Status status =
      handles.get(handles.blocks, block_key(kDataPrefix, key_of(cid)), value.get());
  if (status.IsNotFound()) return block_not_found(cid);
  if (status.IsCorruption()) return damaged(cid, status.ToString());
  if (!status.ok()) return rocks_error(status, "reading from", database_.folder());
  return SharedBytes(value, as_bytes(view_of(*value)));
}

Result<bool> RocksBlockstore::has(const Cid& cid) {
  const Result<uint64_t> found = size(cid);
  if (found) return true;
  if (found.error().code == ErrorCode::kNotFound) return false;
  return found.error();
}

Result<uint64_t> RocksBlockstore::size(const Cid& cid) {
  if (const auto data = identity_data(cid)) return uint64_t{data->size()};
  if (const auto waiting = database_.queue_->find_block(key_of(cid))) {
    return uint64_t{waiting->size()};
  }
  rocksdb::PinnableSlice value;
  const RocksDatabase::Handles& handles = *database_.handles_;
  const rocksdb::Status status =
      handles.get(handles.blocks, block_key(kSizePrefix, key_of(cid)), &value);
  if (status.IsNotFound()) return block_not_found(cid);
  if (!status.ok()) return rocks_error(status, "reading from", database_.folder());
  ByteView bytes = as_bytes(view_of(value));
  return varint_take(bytes);
}

Status RocksBlockstore::put(std::span<const Block> blocks) {
  for (const Block& block : blocks) {
    if (block.size() > kBlockBytesMax) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("block {} has {} bytes, at most {} are accepted",
                               block.cid().to_string(), block.size(), kBlockBytesMax)};
    }
    TR_ASSIGN(const bool present, has(block.cid()));
    if (!present) TR_TRY(database_.queue_->put_block(key_of(block.cid()), block.data()));
  }
  return success();
}

Status RocksBlockstore::remove(const Cid& cid) {
  return database_.queue_->remove_block(key_of(cid));
}

Status RocksBlockstore::for_each(const std::function<Status(ByteView, uint64_t)>& visit) {
  // Those that wait are taken first: what is written meanwhile is then seen at least once.
  std::unordered_set<std::string> visited;
  for (const auto& [multihash, size] : database_.queue_->block_sizes()) {
    if (visited.insert(multihash).second) TR_TRY(visit(as_bytes(multihash), size));
  }
  const RocksDatabase::Handles& handles = *database_.handles_;
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::string end(1, kSizePrefix + 1);
  const rocksdb::Slice upper_bound(end);
  options.iterate_upper_bound = &upper_bound;
  const auto at = handles.iterate(handles.blocks, options);
  for (at->Seek(rocksdb::Slice(&kSizePrefix, 1)); at->Valid(); at->Next()) {
    const std::string_view multihash = view_of(at->key()).substr(1);
    if (visited.contains(std::string(multihash))) continue;
    ByteView bytes = as_bytes(view_of(at->value()));
    TR_ASSIGN(const uint64_t size, varint_take(bytes));
    TR_TRY(visit(as_bytes(multihash), size));
  }
  if (!at->status().ok()) return rocks_error(at->status(), "listing", database_.folder());
  return success();
}

}  // namespace timerose
