// A block: bytes and the CID that names them.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "multiformats/cid.h"

namespace timerose {

// A block over this size is neither written nor accepted (2 MiB is what Bitswap peers carry; the
// margin is for the wrapping of a 2 MiB payload).
inline constexpr size_t kBlockBytesMax = (2U << 20) + (64U << 10);

class Block {
 public:
  // Names `data` by hashing it.
  static Result<Block> of(Codec codec, HashCode hash, SharedBytes data);
  static Block of_sha256(Codec codec, SharedBytes data);
  // Checks `data` against `cid`: kMismatch if it hashes to another one.
  static Result<Block> verify(Cid cid, SharedBytes data);
  // For a caller that has just hashed or checked `data` itself.
  static Block trusted(Cid cid, SharedBytes data) { return {std::move(cid), std::move(data)}; }

  [[nodiscard]] const Cid& cid() const { return cid_; }
  [[nodiscard]] const SharedBytes& data() const { return data_; }
  [[nodiscard]] size_t size() const { return data_.size(); }

 private:
  Block(Cid cid, SharedBytes data) : cid_(std::move(cid)), data_(std::move(data)) {}
  Cid cid_;
  SharedBytes data_;
};

// The data of an identity CID, which is in the CID; nothing for any other.
std::optional<SharedBytes> identity_data(const Cid& cid);

// The kNotFound of a store that lacks the block.
Error block_not_found(const Cid& cid);

}  // namespace timerose
