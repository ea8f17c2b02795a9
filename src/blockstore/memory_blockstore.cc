#include "blockstore/memory_blockstore.h"

#include <fmt/format.h>

#include <mutex>

namespace timerose {
namespace {

std::string_view hash_key(const Cid& cid) { return as_text(cid.multihash_bytes()); }

bool is_identity(const Cid& cid) {
  return cid.multihash().code == static_cast<uint64_t>(HashCode::kIdentity);
}

}  // namespace

Result<SharedBytes> MemoryBlockstore::get(const Cid& cid) {
  if (auto data = identity_data(cid)) return *std::move(data);
  const std::shared_lock lock(mutex_);
  const auto found = blocks_.find(hash_key(cid));
  if (found == blocks_.end()) return block_not_found(cid);
  return found->second;
}

Result<bool> MemoryBlockstore::has(const Cid& cid) {
  if (is_identity(cid)) return true;
  const std::shared_lock lock(mutex_);
  return blocks_.contains(hash_key(cid));
}

Result<uint64_t> MemoryBlockstore::size(const Cid& cid) {
  TR_ASSIGN(const SharedBytes data, get(cid));
  return uint64_t{data.size()};
}

Status MemoryBlockstore::put(std::span<const Block> blocks) {
  const std::unique_lock lock(mutex_);
  for (const Block& block : blocks) {
    if (is_identity(block.cid()) || blocks_.contains(hash_key(block.cid()))) continue;
    if (block.size() > kBlockBytesMax) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("block {} has {} bytes, at most {} are accepted",
                               block.cid().to_string(), block.size(), kBlockBytesMax)};
    }
    if (block.size() > bytes_max_ - bytes_) {
      return Error{ErrorCode::kNoSpace,
                   fmt::format("the memory store is full: {} bytes of {} are used, a block of {} "
                               "does not fit",
                               bytes_, bytes_max_, block.size())};
    }
    blocks_.emplace(hash_key(block.cid()), block.data());
    bytes_ += block.size();
  }
  return success();
}

Status MemoryBlockstore::remove(const Cid& cid) {
  const std::unique_lock lock(mutex_);
  const auto found = blocks_.find(hash_key(cid));
  if (found == blocks_.end()) return success();
  bytes_ -= found->second.size();
  blocks_.erase(found);
  return success();
}

Status MemoryBlockstore::for_each(const std::function<Status(ByteView, uint64_t)>& visit) {
  // Of a copy, so that a visit may call the store.
  std::vector<std::pair<std::string, uint64_t>> entries;
  {
    const std::shared_lock lock(mutex_);
    entries.reserve(blocks_.size());
    for (const auto& [key, data] : blocks_) entries.emplace_back(key, data.size());
  }
  for (const auto& [key, size] : entries) TR_TRY(visit(as_bytes(key), size));
  return success();
}

}  // namespace timerose
