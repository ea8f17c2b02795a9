#include "blockstore/verify.h"

namespace timerose {

Result<StoreCount> count_blocks(Blockstore& store) {
  StoreCount count;
  TR_TRY(store.for_each([&count](ByteView, uint64_t size) {
    ++count.blocks;
    count.bytes += size;
    return success();
  }));
  return count;
}

Result<Verified> verify_blocks(Blockstore& store,
                               const std::function<Status(const Cid&, const Error&)>& bad) {
  Verified verified;
  TR_TRY(store.for_each([&](ByteView multihash, uint64_t) -> Status {
    TR_ASSIGN(const Cid cid, Cid::make(1, Codec::kRaw, multihash));
    const Result<SharedBytes> data = store.get(cid);
    if (data) {
      ++verified.good.blocks;
      verified.good.bytes += data->size();
      return success();
    }
    // Removed since the walk came to it: as it should be.
    if (data.error().code == ErrorCode::kNotFound) {
      TR_ASSIGN(const bool listed, store.has(cid));
      if (!listed) return success();
    }
    ++verified.bad_blocks;
    return bad(cid, data.error());
  }));
  return verified;
}

}  // namespace timerose
