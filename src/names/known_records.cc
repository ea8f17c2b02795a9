#include "names/known_records.h"

namespace timerose::names {
namespace {

// What an entry costs beside its record's bytes and value: nodes of the list and of the map.
constexpr size_t kOverheadBytes = 256;

size_t cost_of(const SignedRecord& record) {
  return record.bytes.size() + record.record.value.size() + kOverheadBytes;
}

}  // namespace

void KnownRecords::drop(Entries::iterator entry) {
  bytes_ -= cost_of(entry->record);
  by_name_.erase(entry->name);
  entries_.erase(entry);
}

KnownRecords::Told KnownRecords::take(const PeerId& name, const SignedRecord& record,
                                      uint64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (const auto known = by_name_.find(name); known != by_name_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    const SignedRecord& old = known->second->record;
    if (old.bytes == record.bytes) return Told::kSame;
    if (old.record.valid_until_ns > now_ns && is_newer(old, record)) return Told::kOlder;
    drop(known->second);
  }
  entries_.push_front({name, record});
  by_name_[name] = entries_.begin();
  bytes_ += cost_of(record);
  while (bytes_ > bytes_max_) drop(std::prev(entries_.end()));
  return Told::kNewer;
}

std::optional<SignedRecord> KnownRecords::find(const PeerId& name, uint64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return std::nullopt;
  if (known->second->record.record.valid_until_ns <= now_ns) {
    drop(known->second);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, known->second);
  return known->second->record;
}

}  // namespace timerose::names
