#include "blockstore/reach.h"

#include <algorithm>
#include <vector>

#include "ipld/codec.h"

namespace timerose {
namespace {

bool is_hole(ErrorCode code) {
  return code == ErrorCode::kNotFound || code == ErrorCode::kMismatch ||
         code == ErrorCode::kMalformed || code == ErrorCode::kUnsupported;
}

// Adds the links of a block to `links`; of a leaf only asks whether it is there.
Status read_links(Blockstore& store, const Cid& cid, std::vector<Cid>& links) {
  if (is_leaf_codec(cid.codec())) {
    const Result<uint64_t> there = store.size(cid);
    if (!there) return there.error();
    return success();
  }
  TR_ASSIGN(const SharedBytes data, store.get(cid));
  const size_t before = links.size();
  Status read = ipld::for_each_link(cid.codec(), data.view(), [&links](const Cid& link) {
    links.push_back(link);
    return success();
  });
  // Those of a block that turns out to be malformed are kept: better too many than too few.
  std::reverse(links.begin() + static_cast<std::ptrdiff_t>(before), links.end());
  return read;
}

}  // namespace

bool Reached::contains(ByteView multihash) const {
  return std::any_of(by_codec_.begin(), by_codec_.end(),
                     [&](const auto& entry) { return entry.second.contains(multihash); });
}

bool is_leaf_codec(Codec codec) {
  return codec == Codec::kRaw || codec == Codec::kJson || codec == Codec::kLibp2pKey;
}

Status reach(Blockstore& store, const Cid& root, Reached& reached, const ReachVisit& visit) {
  std::vector<Cid> ahead = {root};  // last first
  while (!ahead.empty()) {
    const Cid cid = std::move(ahead.back());
    ahead.pop_back();
    if (!reached.insert(cid)) continue;
    if (visit.block) TR_TRY(visit.block(cid));
    Status read = read_links(store, cid, ahead);
    if (read) continue;
    if (!is_hole(read.error().code)) return read;
    TR_TRY(visit.hole(cid, read.error()));
  }
  return success();
}

}  // namespace timerose
