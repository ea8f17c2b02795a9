// A table of records by content, of a fixed size: what is remembered about objects and functions.
//
// Set-associative: a record lies in one of kWays places that its key names, so that a look-up waits
// for memory twice at most, whatever the size. When all of them are taken, the one that was not
// used for longest gives way.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "multiformats/cid.h"

namespace timerose::scheduler {

// The last 16 bytes of a CID: of its digest. Shorter CIDs are padded with zeros.
struct ContentKey {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const ContentKey&) const = default;

  static ContentKey of(const Cid& cid) {
    std::array<uint8_t, 16> tail{};
    const ByteView bytes = cid.bytes();
    const size_t size = std::min(bytes.size(), tail.size());
    std::memcpy(tail.data() + tail.size() - size, bytes.data() + bytes.size() - size, size);
    ContentKey key;
    std::memcpy(&key.high, tail.data(), sizeof(key.high));
    std::memcpy(&key.low, tail.data() + sizeof(key.high), sizeof(key.low));
    return key;
  }
};

template <typename Record>
class BoundedTable {
 public:
  static constexpr size_t kWays = 8;

  // Room for `records_max`, rounded up to a power of two. `secret` keeps others from choosing keys
  // that meet in one bucket.
  BoundedTable(size_t records_max, uint64_t secret)
      : secret_(secret | 1),
        buckets_(std::bit_ceil(std::max<size_t>(1, records_max / kWays))),
        entries_(static_cast<Entry*>(std::calloc(buckets_.size() * kWays, sizeof(Entry)))) {
    CHECK(entries_ != nullptr);
  }

  void prefetch(const ContentKey& key) const {
    const size_t bucket = bucket_of(key);
    __builtin_prefetch(&buckets_[bucket]);
    __builtin_prefetch(&entries_[bucket * kWays]);
  }

  // Null if there is none; valid until the next put().
  Record* find(const ContentKey& key) {
    Entry* entry = entry_of(key);
    if (entry == nullptr) return nullptr;
    entry->used_at = ++clock_;
    return &entry->record;
  }

  // The record of the key; a fresh one if there was none.
  Record& put(const ContentKey& key) {
    if (Record* known = find(key)) return *known;
    const size_t bucket = bucket_of(key);
    Entry* first = &entries_[bucket * kWays];
    Entry* oldest = std::min_element(
        first, first + kWays, [](const Entry& a, const Entry& b) { return a.used_at < b.used_at; });
    size_ += oldest->used_at == 0 ? 1 : 0;
    buckets_[bucket].low[static_cast<size_t>(oldest - first)] = key.low;
    *oldest = {key.high, ++clock_, {}};
    return oldest->record;
  }

  [[nodiscard]] size_t size() const { return size_; }

 private:
  struct alignas(64) Bucket {
    std::array<uint64_t, kWays> low{};
  };
  struct Free {  // of calloc
    void operator()(void* entries) const { std::free(entries); }
  };
  struct Entry {
    uint64_t high = 0;
    uint64_t used_at = 0;  // zero: empty
    Record record{};
  };

  [[nodiscard]] size_t bucket_of(const ContentKey& key) const {
    uint64_t hash = (key.low ^ secret_) * 0x9e3779b97f4a7c15;
    hash = (hash ^ hash >> 32) * secret_;
    return (hash >> 32) & (buckets_.size() - 1);
  }

  Entry* entry_of(const ContentKey& key) {
    const size_t bucket = bucket_of(key);
    for (size_t way = 0; way < kWays; ++way) {
      if (buckets_[bucket].low[way] != key.low) continue;
      Entry& entry = entries_[bucket * kWays + way];
      if (entry.used_at != 0 && entry.high == key.high) return &entry;
    }
    return nullptr;
  }

  uint64_t secret_;
  std::vector<Bucket> buckets_;
  // Memory that the system gives when it is written: a table takes what is in it. A record of zeros
  // is never seen: put() makes it anew.
  static_assert(std::is_trivially_destructible_v<Record>);
  std::unique_ptr<Entry[], Free> entries_;
  uint64_t clock_ = 0;
  size_t size_ = 0;
};

}  // namespace timerose::scheduler
