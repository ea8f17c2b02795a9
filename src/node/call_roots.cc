#include "node/call_roots.h"

#include <algorithm>

#include "compute/memo_record.h"

namespace timerose::node {
namespace {

// Of the keys under which the table has Outcomes; the Invocation's digest follows.
constexpr std::string_view kOutcomePrefix = "m";

}  // namespace

Result<std::vector<Cid>> call_roots(Table& memo_table) {
  std::vector<Cid> roots;
  TR_TRY(memo_table.for_each(as_bytes(kOutcomePrefix), [&](ByteView key, ByteView value) {
    const ByteView digest = key.subspan(kOutcomePrefix.size());
    const auto entry = compute::decode_remembered(value);
    Sha256Digest invocation;
    if (!entry.ok() || digest.size() != invocation.size()) return success();
    std::ranges::copy(digest, invocation.begin());
    roots.push_back(compute::object_cid(invocation));
    roots.push_back(compute::object_cid(entry->outcome_digest));
    if (entry->receipt) roots.push_back(compute::object_cid(*entry->receipt));
    return success();
  }));
  return roots;
}

}  // namespace timerose::node
