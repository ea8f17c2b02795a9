#include "compute/bucket_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "base/random.h"

namespace timerose::compute {
namespace {

MemoKey key_of(uint64_t number) {
  const Sha256Digest digest =
      sha256(ByteView(reinterpret_cast<const uint8_t*>(&number), sizeof(number)));
  MemoKey key{digest, 0};
  std::memcpy(&key.place, digest.data() + 8, sizeof(key.place));
  return key;
}

std::optional<Bytes> found(BucketCache& cache, const MemoKey& key) {
  std::optional<Bytes> out;
  cache.find(key, [&](ByteView record) { out = to_bytes(record); });
  return out;
}

void no_spill(const Sha256Digest&, ByteView) { ADD_FAILURE() << "a record was displaced"; }

TEST(BucketCache, FindsWhatWasPutAndNothingElse) {
  BucketCache cache(1U << 20);
  cache.put(key_of(1), as_bytes("one"), no_spill);
  cache.put(key_of(2), {}, no_spill);
  cache.put(key_of(1), as_bytes("another"), no_spill);
  EXPECT_EQ(found(cache, key_of(1)), to_bytes(as_bytes("another")));
  EXPECT_EQ(found(cache, key_of(2)), Bytes());
  EXPECT_FALSE(found(cache, key_of(3)));
  EXPECT_EQ(cache.size(), 2U);
  cache.erase(key_of(1));
  cache.erase(key_of(3));
  EXPECT_FALSE(found(cache, key_of(1)));
  EXPECT_EQ(cache.size(), 1U);
}

TEST(BucketCache, KeysOfOnePlaceAreToldApartByTheWholeDigest) {
  BucketCache cache(1U << 20);
  const MemoKey first = key_of(1);
  MemoKey second = first;
  second.digest[31] ^= 1;
  cache.put(first, as_bytes("first"), no_spill);
  EXPECT_FALSE(found(cache, second));
  cache.put(second, as_bytes("second"), no_spill);
  EXPECT_EQ(found(cache, first), to_bytes(as_bytes("first")));
  EXPECT_EQ(found(cache, second), to_bytes(as_bytes("second")));
}

TEST(BucketCache, AFullBucketHandsOutItsOldestRecords) {
  BucketCache cache(1U << 20);
  std::vector<Sha256Digest> spilled;
  const Bytes record(BucketCache::kRecordBytesMax, 7);
  for (uint64_t i = 0; i < 10; ++i) {
    cache.put({key_of(i).digest, 5}, record, [&](const Sha256Digest& digest, ByteView bytes) {
      spilled.push_back(digest);
      EXPECT_EQ(to_bytes(bytes), record);
    });
  }
  ASSERT_EQ(spilled.size(), 10 - cache.size());
  ASSERT_GE(cache.size(), 3U);
  for (uint64_t i = 0; i < spilled.size(); ++i) EXPECT_EQ(spilled[i], key_of(i).digest);
  for (uint64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(found(cache, {key_of(i).digest, 5}).has_value(), i >= spilled.size());
  }
}

// What was put last is either found or was spilled, through growth, replacement and full buckets.
TEST(BucketCache, AgreesWithAModelAndLosesNothing) {
  BucketCache cache(1U << 20);
  SeededRandom random(42);
  std::map<Sha256Digest, Bytes> spilled;
  std::map<uint64_t, Bytes> latest;
  for (int step = 0; step < 40'000; ++step) {
    const uint64_t number = random.next() % 12'000;
    Bytes record(random.next() % (BucketCache::kRecordBytesMax + 1));
    random.fill(record);
    cache.put(key_of(number), record, [&](const Sha256Digest& digest, ByteView bytes) {
      spilled[digest] = to_bytes(bytes);
    });
    latest[number] = record;
    ASSERT_EQ(found(cache, key_of(number)), record);
  }
  size_t held = 0;
  for (const auto& [number, record] : latest) {
    const auto now = found(cache, key_of(number));
    held += now ? 1 : 0;
    ASSERT_EQ(now ? *now : spilled[key_of(number).digest], record);
  }
  EXPECT_EQ(held, cache.size());
  EXPECT_GT(held * 2, latest.size() / 2);
  EXPECT_LT(held, latest.size());
}

TEST(BucketCache, FewRecordsAreDisplacedWhileItGrows) {
  BucketCache cache(64U << 20);
  uint64_t displaced = 0;
  constexpr uint64_t kRecords = 100'000;
  for (uint64_t i = 0; i < kRecords; ++i) {
    cache.put(key_of(i), Bytes(96), [&](const Sha256Digest&, ByteView) { ++displaced; });
  }
  EXPECT_LT(displaced, kRecords / 10);
}

TEST(BucketCache, ThreadsSeeWholeRecords) {
  BucketCache cache(1U << 20);
  std::vector<std::thread> threads;
  for (uint8_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint64_t i = 0; i < 20'000; ++i) {
        const MemoKey key = key_of(i % 500);
        cache.prefetch(key.place);
        const Bytes record(20 + i % 50, static_cast<uint8_t>(i % 251));
        if (thread % 2 == 0) cache.put(key, record, [](const Sha256Digest&, ByteView) {});
        cache.find(key, [](ByteView bytes) {
          for (const uint8_t byte : bytes) EXPECT_EQ(byte, bytes.front());
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace timerose::compute
