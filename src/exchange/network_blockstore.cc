#include "exchange/network_blockstore.h"

namespace timerose::exchange {

Result<SharedBytes> NetworkBlockstore::get(const Cid& cid) {
  auto here = below().get(cid);
  if (here.ok() || here.error().code != ErrorCode::kNotFound) return here;
  return exchange_.fetch_block(cid, options_);
}

Result<uint64_t> NetworkBlockstore::size(const Cid& cid) {
  auto here = below().size(cid);
  if (here.ok() || here.error().code != ErrorCode::kNotFound) return here;
  TR_ASSIGN(const SharedBytes data, exchange_.fetch_block(cid, options_));
  return uint64_t{data.size()};
}

Status NetworkBlockstore::put(std::span<const Block> blocks) {
  TR_TRY(below().put(blocks));
  exchange_.announce_all(blocks);
  return success();
}

}  // namespace timerose::exchange
