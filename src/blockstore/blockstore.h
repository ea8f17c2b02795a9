// The Blockstore contract: blocks by CID. Blocks are kept by multihash, so that version 0 and
// version 1 of a CID, or two codecs over the same bytes, are one entry. Every method is
// thread-safe.
#pragma once

#include <functional>
#include <span>

#include "base/result.h"
#include "blockstore/block.h"

namespace timerose {

class Blockstore {
 public:
  virtual ~Blockstore() = default;

  // The bytes of `cid`, verified against it. kNotFound if absent, kMismatch if what is stored is
  // damaged. An identity CID is answered from itself.
  virtual Result<SharedBytes> get(const Cid& cid) = 0;
  // The same without hashing, for bytes that go to somebody who hashes them himself. What the
  // disk's own checksums tell is kMismatch here as well.
  virtual Result<SharedBytes> get_unverified(const Cid& cid) { return get(cid); }
  virtual Result<bool> has(const Cid& cid) = 0;
  virtual Result<uint64_t> size(const Cid& cid) = 0;  // kNotFound if absent

  // Stores blocks; those already there cost no write. Visible at once, durable after flush().
  // kNoSpace if the disk or the storage limit is full: then nothing printed or pinned is lost.
  virtual Status put(std::span<const Block> blocks) = 0;
  Status put(const Block& block) { return put(std::span(&block, 1)); }

  // On success everything put before is on stable storage. Callers at the same time share one
  // write.
  virtual Status flush() = 0;

  // Removes a block if present. Whether it is still needed is the caller's business (see gc.h).
  virtual Status remove(const Cid& cid) = 0;

  // Each block once, in no order that means anything: its encoded multihash and its size. A visit
  // that returns an error ends the walk with it. Blocks put meanwhile may or may not be seen.
  virtual Status for_each(
      const std::function<Status(ByteView multihash, uint64_t size)>& visit) = 0;
};

}  // namespace timerose
