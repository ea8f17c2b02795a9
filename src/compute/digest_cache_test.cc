#include "compute/digest_cache.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "base/random.h"

namespace timerose::compute {
namespace {

Sha256Digest digest_of(uint64_t number) {
  return sha256(ByteView(reinterpret_cast<const uint8_t*>(&number), sizeof(number)));
}

std::optional<Bytes> found_record(DigestCache& cache, const Sha256Digest& key, uint16_t kind) {
  std::optional<Bytes> out;
  cache.find(key, kind, [&](ByteView record) { out = to_bytes(record); });
  return out;
}

TEST(DigestCache, FindsWhatWasPutAndNothingElse) {
  DigestCache cache(1U << 20);
  EXPECT_FALSE(found_record(cache, digest_of(1), 0));
  cache.put(digest_of(1), 0, as_bytes("one"));
  cache.put(digest_of(1), 7, {});
  EXPECT_EQ(found_record(cache, digest_of(1), 0), to_bytes(as_bytes("one")));
  EXPECT_EQ(found_record(cache, digest_of(1), 7), Bytes());
  EXPECT_FALSE(found_record(cache, digest_of(1), 8));
  EXPECT_FALSE(found_record(cache, digest_of(2), 0));
}

TEST(DigestCache, ALaterRecordReplacesTheFirst) {
  DigestCache cache(1U << 20);
  cache.put(digest_of(1), 0, as_bytes("one"));
  cache.put(digest_of(1), 0, as_bytes("another"));
  EXPECT_EQ(found_record(cache, digest_of(1), 0), to_bytes(as_bytes("another")));
  EXPECT_EQ(cache.size(), 1U);
}

TEST(DigestCache, KeysThatDifferOutsideTheTagAreKeptApart) {
  DigestCache cache(1U << 20);
  Sha256Digest first = digest_of(1);
  Sha256Digest second = first;
  second[31] ^= 1;
  cache.put(first, 0, as_bytes("first"));
  cache.put(second, 0, as_bytes("second"));
  EXPECT_EQ(found_record(cache, first, 0), to_bytes(as_bytes("first")));
  EXPECT_EQ(found_record(cache, second, 0), to_bytes(as_bytes("second")));
}

TEST(DigestCache, ARecordOverTheLimitIsNotKept) {
  DigestCache cache(1U << 20);
  cache.put(digest_of(1), 0, Bytes(DigestCache::kRecordBytesMax));
  cache.put(digest_of(2), 0, Bytes(DigestCache::kRecordBytesMax + 1));
  EXPECT_TRUE(found_record(cache, digest_of(1), 0));
  EXPECT_FALSE(found_record(cache, digest_of(2), 0));
}

// Every record that is found_record is the latest one put, and the newest records of a shard are
// there.
TEST(DigestCache, AgreesWithAModelWhileOldRecordsGo) {
  DigestCache cache(1U << 20);  // 12 KiB of records a shard
  SeededRandom random(42);
  std::map<Sha256Digest, Bytes> latest;
  std::map<uint8_t, std::deque<Sha256Digest>> order;
  for (int step = 0; step < 60'000; ++step) {
    const Sha256Digest key = digest_of(random.next() % 20'000);
    Bytes record(random.next() % 200);
    random.fill(record);
    cache.put(key, 3, record);
    latest[key] = record;
    auto& recent = order[key[0] % 64];
    recent.push_back(key);
    if (recent.size() > 40) recent.pop_front();
    if (step % 64 != 0) continue;
    for (const Sha256Digest& one : recent) EXPECT_EQ(found_record(cache, one, 3), latest[one]);
  }
  size_t held = 0;
  for (const auto& [key, record] : latest) {
    const auto now = found_record(cache, key, 3);
    if (!now) continue;
    ++held;
    EXPECT_EQ(*now, record);
  }
  EXPECT_EQ(held, cache.size());
  EXPECT_LT(held, latest.size());
}

TEST(DigestCache, ThreadsSeeWholeRecords) {
  DigestCache cache(1U << 20);
  std::vector<std::thread> threads;
  for (uint8_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint64_t i = 0; i < 20'000; ++i) {
        const Sha256Digest key = digest_of(i % 500);
        if (thread % 2 == 0) cache.put(key, 0, Bytes(20 + i % 50, static_cast<uint8_t>(i % 251)));
        cache.find(key, 0, [](ByteView record) {
          for (const uint8_t byte : record) EXPECT_EQ(byte, record.front());
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace timerose::compute
