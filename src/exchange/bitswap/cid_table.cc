#include "exchange/bitswap/cid_table.h"

#include <algorithm>

namespace timerose::bitswap {
namespace {

constexpr uint64_t kFactor = 0xd6e8feb86659fd93U;
constexpr uint64_t kSeedFactor = 0x9e3779b97f4a7c15U;  // so that a seed of 0 will do

uint64_t load(ByteView bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data(), std::min(bytes.size(), sizeof(word)));
  return word;
}

}  // namespace

uint64_t keyed_hash(ByteView bytes, uint64_t seed) {
  seed ^= kSeedFactor;
  uint64_t hash = mix(seed ^ bytes.size(), kFactor);
  for (; bytes.size() > sizeof(uint64_t); bytes = bytes.subspan(sizeof(uint64_t))) {
    hash = mix(load(bytes) ^ seed, hash ^ kFactor);
  }
  return mix(mix(load(bytes) ^ seed, hash ^ kFactor), kFactor);
}

ByteView CidTable::bytes(uint32_t number) const {
  const Entry& entry = entries_[number];
  if (entry.size <= kInlineBytes) return ByteView(entry.bytes).first(entry.size);
  return long_.at(number);
}

uint32_t CidTable::find(ByteView cid, uint64_t hash) const {
  const Shard& shard = shards_[shard_of(hash)];
  if (shard.slots.empty()) return kNone;
  const size_t mask = shard.slots.size() - 1;
  const auto low = static_cast<uint32_t>(hash);
  for (size_t at = low & mask;; at = (at + 1) & mask) {
    const Slot& slot = shard.slots[at];
    if (slot.number == kNone) return kNone;
    if (slot.hash == low && equal(bytes(slot.number), cid)) return slot.number;
  }
}

uint32_t CidTable::find(const Cid& cid) const { return find(cid.bytes(), hash_of(cid.bytes())); }

void CidTable::prefetch(const Cid& cid) const {
  const uint64_t hash = hash_of(cid.bytes());
  const std::vector<Slot>& slots = shards_[shard_of(hash)].slots;
  if (!slots.empty()) {
    __builtin_prefetch(&slots[static_cast<uint32_t>(hash) & (slots.size() - 1)]);
  }
}

size_t CidTable::kind_of(const Cid& cid) {
  if (cid.version() == 0) return kVersion0;
  const auto* const found = std::find(kCommonCodecs.begin(), kCommonCodecs.end(), cid.codec());
  return found == kCommonCodecs.end() ? kUncommon
                                      : static_cast<size_t>(found - kCommonCodecs.begin());
}

std::vector<uint32_t> CidTable::same_block(const Cid& cid) const {
  std::vector<uint32_t> numbers;
  const size_t own_kind = kind_of(cid);
  for (size_t kind = 0; kind <= kUncommon; ++kind) {
    if (held_of_kind_[kind] == 0 || (kind == kUncommon && own_kind != kUncommon)) continue;
    uint32_t number = kNone;
    if (kind == own_kind) {
      number = find(cid);
    } else {
      const Codec codec = kind == kVersion0 ? Codec::kDagPb : kCommonCodecs[kind];
      const auto other = Cid::make(kind == kVersion0 ? 0 : 1, codec, cid.multihash_bytes());
      if (other) number = find(*other);
    }
    if (number != kNone) numbers.push_back(number);
  }
  return numbers;
}

uint32_t CidTable::acquire(const Cid& cid) {
  const ByteView bytes = cid.bytes();
  const uint64_t hash = hash_of(bytes);
  if (const uint32_t number = find(bytes, hash); number != kNone) {
    ++entries_[number].references;
    return number;
  }
  const bool is_long = bytes.size() > kInlineBytes;
  if (is_long && long_bytes_ + bytes.size() > long_bytes_max_) return kNone;

  Entry entry;
  entry.references = 1;
  entry.size = static_cast<uint8_t>(bytes.size());
  if (!is_long) std::copy(bytes.begin(), bytes.end(), entry.bytes.begin());
  entry.kind = static_cast<uint8_t>(kind_of(cid));
  ++held_of_kind_[entry.kind];
  const uint32_t number = entries_.add(entry);
  if (is_long) {
    long_.emplace(number, to_bytes(bytes));
    long_bytes_ += bytes.size();
  }
  Shard& shard = shards_[shard_of(hash)];
  if (shard.used * 4 >= shard.slots.size() * 3) grow(shard);
  place(shard.slots, {.number = number, .hash = static_cast<uint32_t>(hash)});
  ++shard.used;
  return number;
}

void CidTable::release(uint32_t number) {
  if (--entries_[number].references != 0) return;
  unplace(number, hash_of(bytes(number)));
  if (const auto found = long_.find(number); found != long_.end()) {
    long_bytes_ -= found->second.size();
    long_.erase(found);
  }
  --held_of_kind_[entries_[number].kind];
  entries_.release(number);
}

void CidTable::grow(Shard& shard) {
  std::vector<Slot> slots(std::max(kSlotsMin, shard.slots.size() * 2));
  for (const Slot& slot : shard.slots) {
    if (slot.number != kNone) place(slots, slot);
  }
  shard.slots = std::move(slots);
}

void CidTable::place(std::vector<Slot>& slots, Slot slot) {
  const size_t mask = slots.size() - 1;
  size_t at = slot.hash & mask;
  while (slots[at].number != kNone) at = (at + 1) & mask;
  slots[at] = slot;
}

// Moves what follows back into the gap, so that every probe still meets no gap before its goal.
void CidTable::unplace(uint32_t number, uint64_t hash) {
  Shard& shard = shards_[shard_of(hash)];
  std::vector<Slot>& slots = shard.slots;
  const size_t mask = slots.size() - 1;
  size_t gap = static_cast<uint32_t>(hash) & mask;
  while (slots[gap].number != number) gap = (gap + 1) & mask;
  for (size_t at = (gap + 1) & mask; slots[at].number != kNone; at = (at + 1) & mask) {
    const size_t home = slots[at].hash & mask;
    if (((at - home) & mask) >= ((at - gap) & mask)) {
      slots[gap] = slots[at];
      gap = at;
    }
  }
  slots[gap] = {};
  if (--shard.used == 0) shard.slots = {};
}

}  // namespace timerose::bitswap
