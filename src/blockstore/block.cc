#include "blockstore/block.h"

#include <fmt/format.h>

namespace timerose {
namespace {

Status check_size(size_t size) {
  if (size <= kBlockBytesMax) return success();
  return Error{
      ErrorCode::kLimitExceeded,
      fmt::format("a block of {} bytes; at most {} are accepted, cut the data into smaller "
                  "blocks",
                  size, kBlockBytesMax)};
}

}  // namespace

Result<Block> Block::of(Codec codec, HashCode hash, SharedBytes data) {
  TR_TRY(check_size(data.size()));
  TR_ASSIGN(Cid cid, Cid::of(codec, hash, data.view()));
  return Block(std::move(cid), std::move(data));
}

Block Block::of_sha256(Codec codec, SharedBytes data) {
  Cid cid = Cid::of_sha256(codec, data.view());
  return {std::move(cid), std::move(data)};
}

Result<Block> Block::verify(Cid cid, SharedBytes data) {
  TR_TRY(check_size(data.size()));
  TR_ASSIGN(const bool matches, cid.matches(data.view()));
  if (!matches) {
    return Error{
        ErrorCode::kMismatch,
        fmt::format("the {} bytes given for block {} do not hash to it: they are damaged or "
                    "not that block",
                    data.size(), cid.to_string())};
  }
  return Block(std::move(cid), std::move(data));
}

std::optional<SharedBytes> identity_data(const Cid& cid) {
  const MultihashView multihash = cid.multihash();
  if (multihash.code != static_cast<uint64_t>(HashCode::kIdentity)) return std::nullopt;
  return SharedBytes::copy_of(multihash.digest);
}

Error block_not_found(const Cid& cid) {
  return {ErrorCode::kNotFound, fmt::format("block {} is not in the store", cid.to_string())};
}

}  // namespace timerose
