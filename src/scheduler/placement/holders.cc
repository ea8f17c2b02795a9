#include "scheduler/placement/holders.h"

#include <algorithm>

namespace timerose::scheduler {

void Holders::add(const ContentKey& object, NodeRef holder) {
  Record& record = objects_.put(object);
  const auto end = record.nodes.begin() + record.count;
  if (std::find(record.nodes.begin(), end, holder) != end) return;
  if (record.count < kHoldersMax) {
    record.nodes[record.count++] = holder;
    return;
  }
  record.nodes[record.next] = holder;
  record.next = (record.next + 1) % kHoldersMax;
}

void Holders::remove(const ContentKey& object, NodeRef holder) {
  Record* record = objects_.find(object);
  if (record == nullptr) return;
  const auto end = record->nodes.begin() + record->count;
  const auto found = std::find(record->nodes.begin(), end, holder);
  if (found == end) return;
  *found = record->nodes[--record->count];
  record->next = 0;
}

std::span<const NodeRef> Holders::of(const ContentKey& object) {
  const Record* record = objects_.find(object);
  if (record == nullptr) return {};
  return {record->nodes.data(), record->count};
}

}  // namespace timerose::scheduler
