#include "compute/bucket_cache.h"

#include <algorithm>
#include <bit>

namespace timerose::compute {
namespace {

constexpr uint64_t kHugeShard = 8ULL << 20;  // a shard of this size is worth huge pages

// Beyond two fifths another bucket is split: those that are not split yet are up to twice as full
// as the others, and what they displace costs a look-up two waits more.
constexpr bool is_dense(uint64_t used, uint64_t bytes) { return used > bytes / 5 * 2; }

}  // namespace

BucketCache::BucketCache(uint64_t bytes_max)
    : count_max_(static_cast<uint32_t>(std::min<uint64_t>(
          std::max(bytes_max, kBytesMin) / kShards / kBucketBytes, UINT32_MAX / 2))) {
  const uint64_t bytes = uint64_t{count_max_} * kBucketBytes;
  pages_ = std::make_unique<Pages>(bytes * kShards, bytes >= kHugeShard ? bytes : 0);
  auto* bucket = reinterpret_cast<Bucket*>(pages_->data());
  for (Shard& shard : shards_) {
    shard.buckets = bucket;
    bucket += count_max_;
  }
}

void BucketCache::remove(Shard& shard, Bucket& bucket, Header* header) {
  const size_t size = header->size;
  const auto* next = reinterpret_cast<const uint8_t*>(after(header));
  const auto* end = reinterpret_cast<const uint8_t*>(end_of(bucket));
  std::memmove(header, next, static_cast<size_t>(end - next));
  bucket.used -= size;
  shard.used -= size;
  --shard.records;
}

void BucketCache::append(Shard& shard, Bucket& bucket, const Header& header, ByteView record) {
  Header* place = end_of(bucket);
  *place = header;
  if (!record.empty()) std::memcpy(place + 1, record.data(), record.size());
  bucket.used += header.size;
  shard.used += header.size;
  ++shard.records;
}

// One more bucket: it takes what belongs there from the one that stood for both.
void BucketCache::split_one(Shard& shard) {
  const uint32_t made = shard.count.load(std::memory_order_relaxed);
  Bucket& from = shard.buckets[made - std::bit_floor(made)];
  Bucket& to = shard.buckets[made];
  shard.count.store(made + 1, std::memory_order_relaxed);
  for (Header* header = first_of(from); header != end_of(from);) {
    if (&bucket_of(shard, header->hash) == &from) {
      header = after(header);
    } else {
      append(shard, to, *header, record_of(header));
      remove(shard, from, header);
    }
  }
}

void BucketCache::grow(Shard& shard) {
  const uint32_t count = shard.count.load(std::memory_order_relaxed);
  if (count < count_max_ && is_dense(shard.used, uint64_t{count} * kBucketBytes)) split_one(shard);
}

void BucketCache::erase(const MemoKey& key) {
  Shard& shard = shard_of(key.place);
  const std::lock_guard lock(shard.mutex);
  Bucket& bucket = bucket_of(shard, hash_of(key.place));
  if (Header* header = header_of(bucket, key.digest)) remove(shard, bucket, header);
}

uint64_t BucketCache::size() const {
  uint64_t total = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.records;
  }
  return total;
}

}  // namespace timerose::compute
