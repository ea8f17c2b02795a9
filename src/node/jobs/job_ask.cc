#include "node/jobs/job_ask.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "ipld/codec.h"
#include "scheduler/adverts/warm_set.h"
#include "scheduler/execute/answer.h"
#include "scheduler/execute/known_inputs.h"
#include "unixfs/reader.h"

namespace timerose::node {
namespace {

namespace execute = scheduler::execute;

// From the first block alone, which is fetched if it is one that names others.
uint64_t size_of(const Cid& root, bool is_here, Blockstore& store, exchange::Exchange& exchange) {
  if (!is_here) {
    if (root.codec() == Codec::kRaw) return kUnknownBytes;
    exchange::FetchOptions options;
    options.timeout_ms = kSizeTimeoutMs;
    if (!exchange.fetch_block(root, options).ok()) return kUnknownBytes;
  }
  const auto block = store.size(root);
  const uint64_t bytes = block.ok() ? *block : kUnknownBytes;
  if (root.codec() != Codec::kDagPb) return bytes;
  const auto stat = unixfs::stat(store, root);
  return stat.ok() ? std::max(stat->size, bytes) : bytes;
}

// Whether it is all here, as far as a look at one way down can tell: the root alone may have been
// fetched for its size, and a fetch that was cut off has begun at the front.
Result<bool> is_all_here(const Cid& root, Blockstore& store) {
  Cid at = root;
  while (true) {
    TR_ASSIGN(const bool is_here, store.has(at));
    if (!is_here || at.codec() != Codec::kDagPb) return is_here;
    TR_ASSIGN(const SharedBytes block, store.get(at));
    bool all = true;
    std::optional<Cid> last;
    TR_TRY(ipld::for_each_link(at.codec(), block.view(), [&](const Cid& child) -> Status {
      TR_ASSIGN(const bool child_is_here, store.has(child));
      all = all && child_is_here;
      last = child;
      return success();
    }));
    if (!all || !last) return all;
    at = *last;
  }
}

Result<execute::Offer> offer_of(const compute::Request& request, Bytes invocation,
                                const compute::Invocation& call, Blockstore& store) {
  if (invocation.size() > execute::kInvocationBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("the call's arguments and names are {} bytes, but at most {} go to "
                             "another node; put them into an input",
                             invocation.size(), execute::kInvocationBytesMax)};
  }
  execute::Offer offer;
  offer.invocation = std::move(invocation);
  offer.fuel = request.fuel;
  offer.fresh = !request.use_memo;
  offer.logs = true;
  offer.receipt = true;
  offer.blocks = execute::small_blocks(store, execute::roots_of(call));
  return offer;
}

}  // namespace

Result<JobAsk> make_job_ask(const compute::Request& request, Blockstore& store,
                            exchange::Exchange& exchange) {
  TR_ASSIGN(const compute::Invocation call, request.invocation.canonical());
  TR_ASSIGN(Bytes bytes, call.encode());
  JobAsk ask(call, Cid::of_sha256(Codec::kDagCbor, bytes));
  for (const Cid& root : execute::roots_of(call)) {
    TR_ASSIGN(const bool is_here, is_all_here(root, store));
    (is_here ? ask.here : ask.elsewhere).push_back(root);
    const uint64_t size = size_of(root, is_here, store, exchange);
    ask.bytes_of.insert_or_assign(root, size);
    if (root != call.module) {
      ask.placing.inputs.push_back({scheduler::ContentKey::of(root), size});
    }
  }
  std::ranges::sort(ask.placing.inputs, std::greater<>(), &scheduler::CallInput::bytes);
  ask.placing.function = scheduler::ContentKey::of(call.module);
  ask.placing.function_mark = scheduler::WarmSet::mark_of(call.module);
  ask.placing.function_bytes = ask.bytes_of[call.module];
  ask.placing.memory_bytes = call.memory_bytes_max;
  TR_ASSIGN(ask.offer, offer_of(request, std::move(bytes), call, store));
  ask.options.deadline_ms = request.deadline_ms;
  ask.options.fresh = !request.use_memo;
  return ask;
}

}  // namespace timerose::node
