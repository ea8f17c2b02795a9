// A bounded table in memory from a digest to a small record. Thread-safe.
//
// Digests are uniform, so the first byte picks a shard and the next bytes a slot. A shard is an
// index of 8-byte slots (open addressing, linear probing) and a ring of records in the order they
// came; when the ring is full the oldest records go. A look-up touches one line of the index and
// the record.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "compute/pages.h"
#include "crypto/digest.h"

namespace timerose::compute {

class DigestCache {
 public:
  static constexpr size_t kRecordBytesMax = 4096;
  static constexpr uint64_t kBytesMin = 1U << 20;  // a smaller bound is raised to this

  // `bytes_max` bounds records and index together. Memory is taken from the system as it is used.
  explicit DigestCache(uint64_t bytes_max);
  ~DigestCache();
  DigestCache(const DigestCache&) = delete;
  DigestCache& operator=(const DigestCache&) = delete;

  // Calls take(record) under the shard's lock if there is a record of this key and kind; whether
  // there is.
  template <typename Take>
  bool find(const Sha256Digest& key, uint16_t kind, const Take& take);

  // Replaces the record of this key and kind. One over kRecordBytesMax is not kept.
  void put(const Sha256Digest& key, uint16_t kind, ByteView record);

  [[nodiscard]] uint64_t size() const;  // records held

 private:
  struct Slot {
    uint32_t tag;     // of the digest; its low bits are the home slot
    uint32_t record;  // place in the ring, in units of kUnit; kEmpty if none
  };
  static constexpr uint32_t kEmpty = UINT32_MAX;
  static constexpr size_t kUnit = 8;
  static constexpr size_t kShards = 64;

  struct Header {
    uint16_t units;   // of the whole record
    uint16_t length;  // of its bytes
    uint16_t kind;
    uint16_t padding;
    Sha256Digest key;
  };

  struct alignas(64) Shard {
    mutable std::mutex mutex;
    uint8_t* ring = nullptr;
    uint32_t ring_units = 0;
    uint32_t head = 0;        // where the next record goes
    uint32_t tail = 0;        // the oldest record
    uint32_t free_units = 0;  // from head to tail
    Slot* slots = nullptr;
    uint32_t mask = 0;  // number of slots - 1
    uint32_t used = 0;  // slots that are not empty
    std::unique_ptr<Pages> slot_pages;
  };

  static uint32_t tag_of(const Sha256Digest& key) {
    uint32_t tag;
    std::memcpy(&tag, key.data() + 4, sizeof(tag));
    return tag;
  }
  [[nodiscard]] Shard& shard_of(const Sha256Digest& key) { return shards_[key[0] % kShards]; }
  static Header* header_at(const Shard& shard, uint32_t place) {
    return reinterpret_cast<Header*>(shard.ring + size_t{place} * kUnit);
  }
  static Slot* slot_of(const Shard& shard, const Sha256Digest& key, uint16_t kind);
  static void resize_index(Shard& shard, uint32_t slots);
  static void insert_slot(Shard& shard, Slot slot);
  static void erase_slot(Shard& shard, uint32_t place);
  static void drop_oldest(Shard& shard);
  static uint32_t make_room(Shard& shard, uint32_t units);

  std::unique_ptr<Pages> rings_;
  std::array<Shard, kShards> shards_;
};

template <typename Take>
bool DigestCache::find(const Sha256Digest& key, uint16_t kind, const Take& take) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const Slot* slot = slot_of(shard, key, kind);
  if (slot == nullptr) return false;
  const Header* header = header_at(shard, slot->record);
  take(ByteView(reinterpret_cast<const uint8_t*>(header + 1), header->length));
  return true;
}

}  // namespace timerose::compute
