#include "exchange/dag_check.h"

#include <fmt/format.h>

#include "ipld/codec.h"

namespace timerose::exchange {

DagCheck::DagCheck(const Cid& root) { waiting_.insert(root.as_v1()); }

Result<bool> DagCheck::add(const Block& block) {
  const Cid cid = block.cid().as_v1();
  if (seen_.contains(cid)) {
    if (++duplicates_ > kDuplicatesMax) {
      return Error{ErrorCode::kLimitExceeded, "the same blocks are sent again and again"};
    }
    return false;
  }
  if (waiting_.erase(cid) == 0) {
    return Error{ErrorCode::kMismatch,
                 fmt::format("block {} is no part of what was asked for", block.cid().to_string())};
  }
  seen_.insert(cid);
  TR_TRY(expect_links(cid, block.data().view()));
  return true;
}

Status DagCheck::expect_links(const Cid& cid, ByteView data) {
  return ipld::for_each_link(cid.codec(), data, [this](const Cid& link) -> Status {
    // The data of an identity CID is in it, so that no block comes for it.
    if (const auto inside = identity_data(link)) return expect_links(link, inside->view());
    const Cid name = link.as_v1();
    if (!seen_.contains(name)) waiting_.insert(name);
    if (waiting_.size() > kLinksWaitingMax) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("the DAG has more than {} links that wait", kLinksWaitingMax)};
    }
    return success();
  });
}

}  // namespace timerose::exchange
