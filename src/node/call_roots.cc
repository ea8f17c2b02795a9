#include "node/call_roots.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "compute/memo_record.h"

namespace timerose::node {
namespace {

// Of the keys under which the table has Outcomes: those for all and those for one asker. The
// Invocation's digest is at their end.
constexpr std::array<std::string_view, 2> kOutcomePrefixes{"m", "s"};

Status add_roots(Table& memo_table, std::string_view prefix, std::vector<Cid>& roots) {
  return memo_table.for_each(as_bytes(prefix), [&](ByteView key, ByteView value) {
    const auto entry = compute::decode_remembered(value);
    Sha256Digest invocation;
    if (!entry.ok() || key.size() < prefix.size() + invocation.size()) return success();
    std::ranges::copy(key.last(invocation.size()), invocation.begin());
    roots.push_back(compute::object_cid(invocation));
    roots.push_back(compute::object_cid(entry->outcome_digest));
    if (entry->receipt) roots.push_back(compute::object_cid(*entry->receipt));
    return success();
  });
}

}  // namespace

Result<std::vector<Cid>> call_roots(Table& memo_table) {
  std::vector<Cid> roots;
  for (const std::string_view prefix : kOutcomePrefixes) {
    TR_TRY(add_roots(memo_table, prefix, roots));
  }
  return roots;
}

}  // namespace timerose::node
