#include "node/jobs/remember.h"

#include "compute/place.h"

namespace timerose::node {

Status remember(Repository& repository, const compute::Invocation& invocation,
                const compute::Answer& answer) {
  TR_ASSIGN(const compute::Invocation call, invocation.canonical());
  TR_ASSIGN(Bytes bytes, call.encode());
  const compute::MemoKey name{sha256(bytes), compute::place_of(call)};
  compute::Remembered entry;
  TR_ASSIGN(entry.outcome_digest, compute::object_digest(*answer.outcome_cid));
  entry.outcome = *answer.outcome;
  entry.metering = answer.metering;
  if (answer.receipt) {
    TR_ASSIGN(entry.receipt, compute::object_digest(*answer.receipt));
  }
  TR_ASSIGN(auto* store, repository.blockstore());
  TR_TRY(store->put(Block::of_sha256(Codec::kDagCbor, std::move(bytes))));
  TR_TRY(store->flush());
  TR_ASSIGN(auto* memo, repository.memo());
  TR_TRY(memo->remember(name, entry, compute::Memo::Keep::kInTable));
  return memo->flush();
}

}  // namespace timerose::node
