// A bounded table in memory of small records, made so that a look-up waits for memory once.
//
// A record lies in the bucket of its key's place, which is known before the digest is. prefetch()
// asks for all lines of the bucket at once, and they arrive while SHA-256 runs; there is no index
// that would have to arrive first. What matches is still the whole digest. The table grows bucket
// by bucket (linear hashing), so no call pays for a rehash. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>

#include "base/bytes.h"
#include "compute/memo.h"
#include "compute/pages.h"
#include "crypto/digest.h"

namespace timerose::compute {

class BucketCache {
 private:
  struct Header {
    Sha256Digest digest;
    uint32_t hash;
    uint16_t length;  // of the record's bytes
    uint16_t size;    // of header and bytes, in whole words
  };

 public:
  static constexpr size_t kBucketBytes = 1024;
  static constexpr size_t kRecordBytesMax = kBucketBytes / 4 - sizeof(Header);
  static constexpr uint64_t kBytesMin = 1U << 20;  // a smaller bound is raised to this

  explicit BucketCache(uint64_t bytes_max);
  BucketCache(const BucketCache&) = delete;
  BucketCache& operator=(const BucketCache&) = delete;

  // Asks for the memory that find() and put() with this place will read. Waits for nothing.
  void prefetch(uint64_t place) const;

  // Calls take(record) under a lock if there is a record of this key; whether there is.
  template <typename Take>
  bool find(const MemoKey& key, const Take& take);

  // Replaces the record of this key; it must not be over kRecordBytesMax. The oldest records of a
  // full bucket go, each through spill(digest, record) under a lock.
  template <typename Spill>
  void put(const MemoKey& key, ByteView record, const Spill& spill);

  void erase(const MemoKey& key);
  [[nodiscard]] uint64_t size() const;  // records held

 private:
  static constexpr size_t kShards = 64;

  struct Bucket {
    uint64_t used;  // bytes of `data` that hold records, the oldest first
    std::array<uint8_t, kBucketBytes - sizeof(uint64_t)> data;
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    Bucket* buckets = nullptr;
    std::atomic<uint32_t> count = 1;  // buckets in use; changed under the mutex
    uint64_t used = 0;                // bytes in all of them
    uint64_t records = 0;
  };

  static uint32_t hash_of(uint64_t place) { return static_cast<uint32_t>(place); }
  [[nodiscard]] const Shard& shard_of(uint64_t place) const { return shards_[place >> 58]; }
  [[nodiscard]] Shard& shard_of(uint64_t place) { return shards_[place >> 58]; }
  static Bucket& bucket_of(const Shard& shard, uint32_t hash);
  static Header* first_of(Bucket& bucket) { return reinterpret_cast<Header*>(bucket.data.data()); }
  static Header* end_of(Bucket& bucket) {
    return reinterpret_cast<Header*>(bucket.data.data() + bucket.used);
  }
  static Header* after(Header* header) {
    return reinterpret_cast<Header*>(reinterpret_cast<uint8_t*>(header) + header->size);
  }
  static ByteView record_of(const Header* header) {
    return {reinterpret_cast<const uint8_t*>(header + 1), header->length};
  }
  static Header* header_of(Bucket& bucket, const Sha256Digest& digest);
  static size_t size_with(ByteView record) { return (sizeof(Header) + record.size() + 7) / 8 * 8; }
  static void remove(Shard& shard, Bucket& bucket, Header* header);
  static void append(Shard& shard, Bucket& bucket, const Header& header, ByteView record);
  static void split_one(Shard& shard);
  void grow(Shard& shard);

  uint32_t count_max_;  // buckets of a shard
  std::unique_ptr<Pages> pages_;
  std::array<Shard, kShards> shards_;
};

inline BucketCache::Bucket& BucketCache::bucket_of(const Shard& shard, uint32_t hash) {
  const uint32_t count = shard.count.load(std::memory_order_relaxed);
  const uint32_t mask = UINT32_MAX >> __builtin_clz(count);  // of the next power of two
  const uint32_t at = hash & mask;
  return shard.buckets[at < count ? at : hash & (mask >> 1)];  // not split yet
}

inline void BucketCache::prefetch(uint64_t place) const {
  const auto* line = reinterpret_cast<const uint8_t*>(&bucket_of(shard_of(place), hash_of(place)));
  for (size_t i = 0; i < kBucketBytes; i += 64) __builtin_prefetch(line + i);
}

inline BucketCache::Header* BucketCache::header_of(Bucket& bucket, const Sha256Digest& digest) {
  const Header* end = end_of(bucket);
  for (Header* header = first_of(bucket); header != end; header = after(header)) {
    if (header->digest == digest) return header;
  }
  return nullptr;
}

template <typename Take>
bool BucketCache::find(const MemoKey& key, const Take& take) {
  Shard& shard = shard_of(key.place);
  const std::lock_guard lock(shard.mutex);
  const Header* header = header_of(bucket_of(shard, hash_of(key.place)), key.digest);
  if (header == nullptr) return false;
  take(record_of(header));
  return true;
}

template <typename Spill>
void BucketCache::put(const MemoKey& key, ByteView record, const Spill& spill) {
  Shard& shard = shard_of(key.place);
  const std::lock_guard lock(shard.mutex);
  grow(shard);
  Bucket& bucket = bucket_of(shard, hash_of(key.place));
  if (Header* old = header_of(bucket, key.digest)) remove(shard, bucket, old);
  const size_t size = size_with(record);
  while (bucket.used + size > bucket.data.size()) {
    Header* oldest = first_of(bucket);
    spill(oldest->digest, record_of(oldest));
    remove(shard, bucket, oldest);
  }
  append(shard, bucket,
         {key.digest, hash_of(key.place), static_cast<uint16_t>(record.size()),
          static_cast<uint16_t>(size)},
         record);
}

}  // namespace timerose::compute
