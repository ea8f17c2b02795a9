#include "compute/digest_cache.h"

#include <algorithm>

namespace timerose::compute {
namespace {

constexpr uint16_t kFiller = UINT16_MAX;    // the kind of what fills up the end of a ring
constexpr uint64_t kHugeRing = 8ULL << 20;  // a ring of this size is worth huge pages
constexpr uint32_t kSlotsMin = 64;

// Of the bound, what the records get; the index needs the rest, whatever their size.
constexpr uint64_t ring_share(uint64_t bytes) { return bytes / 4 * 3; }

}  // namespace

DigestCache::DigestCache(uint64_t bytes_max) {
  const uint64_t share = ring_share(std::max(bytes_max, kBytesMin)) / kShards;
  const auto units = static_cast<uint32_t>(std::min<uint64_t>(share / kUnit, kEmpty - 1));
  const uint64_t ring_bytes = uint64_t{units} * kUnit;
  rings_ = std::make_unique<Pages>(ring_bytes * kShards, ring_bytes >= kHugeRing ? ring_bytes : 0);
  uint8_t* ring = rings_->data();
  for (Shard& shard : shards_) {
    shard.ring = ring;
    ring += size_t{units} * kUnit;
    shard.ring_units = shard.free_units = units;
  }
}

DigestCache::~DigestCache() = default;

DigestCache::Slot* DigestCache::slot_of(const Shard& shard, const Sha256Digest& key,
                                        uint16_t kind) {
  if (shard.slots == nullptr) return nullptr;
  const uint32_t tag = tag_of(key);
  for (uint32_t at = tag & shard.mask;; at = (at + 1) & shard.mask) {
    Slot& slot = shard.slots[at];
    if (slot.record == kEmpty) return nullptr;
    if (slot.tag != tag) continue;
    const Header* header = header_at(shard, slot.record);
    __builtin_prefetch(reinterpret_cast<const uint8_t*>(header) + 64);
    __builtin_prefetch(reinterpret_cast<const uint8_t*>(header) + 128);
    if (header->kind == kind && header->key == key) return &slot;
  }
}

void DigestCache::insert_slot(Shard& shard, Slot slot) {
  uint32_t at = slot.tag & shard.mask;
  while (shard.slots[at].record != kEmpty) at = (at + 1) & shard.mask;
  shard.slots[at] = slot;
  ++shard.used;
}

// The index with `slots` slots, a power of two; those in use are kept.
void DigestCache::resize_index(Shard& shard, uint32_t slots) {
  const auto old_pages = std::move(shard.slot_pages);
  const Slot* old = shard.slots;
  const uint32_t old_count = old == nullptr ? 0 : shard.mask + 1;
  const uint64_t bytes = uint64_t{slots} * sizeof(Slot);
  shard.slot_pages = std::make_unique<Pages>(bytes, bytes);
  shard.slots = reinterpret_cast<Slot*>(shard.slot_pages->data());
  std::memset(shard.slots, 0xff, bytes);
  shard.mask = slots - 1;
  shard.used = 0;
  for (uint32_t i = 0; i < old_count; ++i) {
    if (old[i].record != kEmpty) insert_slot(shard, old[i]);
  }
}

// Removes the slot that points at the record at `place`, if one does, and closes the gap: no
// look-up may meet an empty slot before its own.
void DigestCache::erase_slot(Shard& shard, uint32_t place) {
  uint32_t at = tag_of(header_at(shard, place)->key) & shard.mask;
  while (shard.slots[at].record != place) {
    if (shard.slots[at].record == kEmpty) return;
    at = (at + 1) & shard.mask;
  }
  --shard.used;
  for (uint32_t next = (at + 1) & shard.mask; shard.slots[next].record != kEmpty;
       next = (next + 1) & shard.mask) {
    const uint32_t home = shard.slots[next].tag & shard.mask;
    // Whether `home` lies cyclically after `at`, up to `next`: then this slot must stay.
    if (((next - home) & shard.mask) < ((next - at) & shard.mask)) continue;
    shard.slots[at] = shard.slots[next];
    at = next;
  }
  shard.slots[at] = {kEmpty, kEmpty};
}

void DigestCache::drop_oldest(Shard& shard) {
  const Header* header = header_at(shard, shard.tail);
  const uint32_t units = header->units;
  if (header->kind != kFiller) erase_slot(shard, shard.tail);
  shard.tail = (shard.tail + units) % shard.ring_units;
  shard.free_units += units;
}

// The place of `units` units in one piece.
uint32_t DigestCache::make_room(Shard& shard, uint32_t units) {
  const uint32_t to_end = shard.ring_units - shard.head;
  if (to_end < units) {
    uint32_t left = to_end;
    while (left > 0) {  // in pieces that a header's count can hold
      const auto piece = static_cast<uint16_t>(std::min<uint32_t>(left, UINT16_MAX));
      while (shard.free_units < piece) drop_oldest(shard);
      Header* filler = header_at(shard, shard.head);
      filler->units = piece;
      filler->kind = kFiller;
      shard.free_units -= piece;
      shard.head = (shard.head + piece) % shard.ring_units;
      left -= piece;
    }
  }
  while (shard.free_units < units) drop_oldest(shard);
  return shard.head;
}

void DigestCache::put(const Sha256Digest& key, uint16_t kind, ByteView record) {
  if (record.size() > kRecordBytesMax) return;
  const size_t bytes = sizeof(Header) + record.size();
  const auto units = static_cast<uint16_t>((bytes + kUnit - 1) / kUnit);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (shard.slots == nullptr) resize_index(shard, kSlotsMin);
  const uint32_t place = make_room(shard, units);
  if (const Slot* old = slot_of(shard, key, kind)) erase_slot(shard, old->record);
  if (shard.used >= (shard.mask + 1) / 10 * 7) resize_index(shard, (shard.mask + 1) * 2);
  Header* header = header_at(shard, place);
  *header = {units, static_cast<uint16_t>(record.size()), kind, 0, key};
  if (!record.empty()) std::memcpy(header + 1, record.data(), record.size());
  shard.head = (shard.head + units) % shard.ring_units;
  shard.free_units -= units;
  insert_slot(shard, {tag_of(key), place});
}

uint64_t DigestCache::size() const {
  uint64_t total = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.used;
  }
  return total;
}

}  // namespace timerose::compute
