#include "blockstore/memory_table.h"

#include <utility>
#include <vector>

namespace timerose {

Result<std::optional<Bytes>> MemoryTable::get(ByteView key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(as_text(key));
  if (found == entries_.end()) return std::optional<Bytes>();
  return std::optional(found->second);
}

Status MemoryTable::put(ByteView key, ByteView value) {
  const std::lock_guard lock(mutex_);
  entries_.insert_or_assign(std::string(as_text(key)), to_bytes(value));
  return success();
}

Status MemoryTable::erase(ByteView key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(as_text(key));
  if (found != entries_.end()) entries_.erase(found);
  return success();
}

Status MemoryTable::for_each(ByteView prefix,
                             const std::function<Status(ByteView, ByteView)>& visit) {
  // Of a copy, so that a visit may call the table.
  std::vector<std::pair<std::string, Bytes>> entries;
  {
    const std::lock_guard lock(mutex_);
    for (auto entry = entries_.lower_bound(as_text(prefix));
         entry != entries_.end() && entry->first.starts_with(as_text(prefix)); ++entry) {
      entries.emplace_back(*entry);
    }
  }
  for (const auto& [key, value] : entries) TR_TRY(visit(as_bytes(key), value));
  return success();
}

}  // namespace timerose
