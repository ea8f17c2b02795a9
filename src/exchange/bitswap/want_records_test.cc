#include "exchange/bitswap/want_records.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "base/random.h"
#include "exchange/bitswap/cid_table.h"

namespace timerose::bitswap {
namespace {

Cid raw_cid(uint64_t number) {
  return Cid::of_sha256(Codec::kRaw, as_bytes(std::to_string(number)));
}

TEST(ChunkedPool, UsesReleasedNumbersAgain) {
  ChunkedPool<uint64_t> pool;
  std::vector<uint32_t> numbers;
  for (uint64_t i = 0; i < 5000; ++i) numbers.push_back(pool.add(i));
  for (uint64_t i = 0; i < 5000; ++i) EXPECT_EQ(pool[numbers[i]], i);
  for (uint64_t i = 0; i < 5000; i += 2) pool.release(numbers[i]);
  for (uint64_t i = 0; i < 5000; i += 2) EXPECT_LT(numbers[i] = pool.add(i), 5000U);
  for (uint64_t i = 0; i < 5000; ++i) EXPECT_EQ(pool[numbers[i]], i);
  for (const uint32_t number : numbers) pool.release(number);
  EXPECT_EQ(pool.size(), 0U);
  EXPECT_EQ(pool.add(1), 0U);
}

TEST(CidTable, FindsWhatIsHeldAndNothingElse) {
  CidTable table(7);
  SeededRandom random(1);
  std::map<uint64_t, std::pair<uint32_t, int>> held;  // number, references
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t key = random.next() % 700;
    const auto known = held.find(key);
    if (random.next() % 2 == 0) {
      const uint32_t number = table.acquire(raw_cid(key));
      if (known != held.end()) {
        EXPECT_EQ(number, known->second.first);
        ++known->second.second;
      } else {
        held[key] = {number, 1};
      }
    } else if (known != held.end()) {
      table.release(known->second.first);
      if (--known->second.second == 0) held.erase(known);
    }
  }
  EXPECT_EQ(table.size(), held.size());
  for (uint64_t key = 0; key < 700; ++key) {
    const auto known = held.find(key);
    EXPECT_EQ(table.find(raw_cid(key)), known == held.end() ? kNone : known->second.first);
    if (known == held.end()) continue;
    EXPECT_EQ(table.cid(known->second.first), raw_cid(key));
  }
}

TEST(CidTable, KeepsCidsOfAnyLength) {
  CidTable table(7);
  std::vector<Cid> cids{raw_cid(1)};
  for (size_t bytes = 0; bytes <= kIdentityDigestBytesMax; ++bytes) {
    cids.push_back(*Cid::of(Codec::kRaw, HashCode::kIdentity, Bytes(bytes, 7)));
  }
  std::vector<uint32_t> numbers;
  for (const Cid& cid : cids) numbers.push_back(table.acquire(cid));
  for (size_t i = 0; i < cids.size(); ++i) {
    EXPECT_EQ(table.find(cids[i]), numbers[i]);
    EXPECT_EQ(table.cid(numbers[i]), cids[i]);
  }
  for (const uint32_t number : numbers) table.release(number);
  EXPECT_EQ(table.size(), 0U);
  for (const Cid& cid : cids) EXPECT_EQ(table.find(cid), kNone);
}

TEST(CidTable, FindsABlockUnderItsCommonCids) {
  CidTable table(7);
  const Bytes multihash = to_bytes(raw_cid(1).multihash_bytes());
  const Cid version_0 = *Cid::make(0, Codec::kDagPb, multihash);
  const Cid cbor = *Cid::make(1, Codec::kDagCbor, multihash);
  const Cid uncommon = *Cid::make(1, Codec::kCbor, multihash);
  table.acquire(raw_cid(2));
  EXPECT_TRUE(table.same_block(version_0).empty());
  const uint32_t a = table.acquire(version_0);
  const uint32_t b = table.acquire(cbor);
  const uint32_t c = table.acquire(uncommon);
  EXPECT_EQ(table.same_block(raw_cid(1)), (std::vector{b, a}));
  EXPECT_EQ(table.same_block(version_0), (std::vector{b, a}));
  EXPECT_EQ(table.same_block(uncommon), (std::vector{b, a, c}));
  table.release(a);
  EXPECT_EQ(table.same_block(raw_cid(1)), std::vector{b});
}

TEST(CidTable, HoldsLongCidsToALimitOfTheirOwn) {
  const auto long_cid = [](uint64_t number) {
    return *Cid::of(Codec::kRaw, HashCode::kSha2_512, as_bytes(std::to_string(number)));
  };
  CidTable table(7, 3 * long_cid(0).bytes().size());
  const uint32_t first = table.acquire(long_cid(0));
  EXPECT_NE(table.acquire(long_cid(1)), kNone);
  EXPECT_NE(table.acquire(long_cid(2)), kNone);
  EXPECT_EQ(table.acquire(long_cid(3)), kNone);
  EXPECT_EQ(table.acquire(long_cid(0)), first);
  EXPECT_NE(table.acquire(raw_cid(0)), kNone);
  table.release(first);
  table.release(first);
  EXPECT_NE(table.acquire(long_cid(3)), kNone);
}

// A queue beside a sorted set, with the same wants put in and taken out; `disorder` of 100 come
// with any priority, the others with ever lower ones.
void compare_with_a_set(uint64_t disorder) {
  WantPool pool;
  WantQueue queue;
  SeededRandom random(1);
  std::set<std::tuple<int64_t, uint32_t, uint32_t>> sorted;
  uint32_t order = UINT32_MAX - 5000;  // wraps around on the way
  for (uint32_t i = 0; i < 20'000; ++i) {
    if (sorted.empty() || random.next() % 5 < 3) {
      WantRecord record;
      record.priority = random.next() % 100 < disorder ? -static_cast<int32_t>(random.next() % 1000)
                                                       : -static_cast<int32_t>(i / 20);
      record.order = order++;
      const uint32_t want = pool.add(record);
      queue.push(pool, want, i);
      sorted.emplace(-int64_t{record.priority}, i, want);
    } else {
      auto taken = sorted.begin();
      if (random.next() % 4 == 0) std::advance(taken, random.next() % sorted.size());
      const uint32_t want = std::get<2>(*taken);
      sorted.erase(taken);
      queue.remove(pool, want);
      pool.release(want);
    }
    ASSERT_EQ(queue.size(), sorted.size());
    if (sorted.empty()) continue;
    ASSERT_EQ(queue.top(), std::get<2>(*sorted.begin()));
    ASSERT_EQ(queue.top_cost(), std::get<1>(*sorted.begin()));
  }
}

TEST(WantQueue, HasTheBestOnTopOfWantsThatComeInOrder) { compare_with_a_set(0); }
TEST(WantQueue, HasTheBestOnTopOfWantsThatComeMostlyInOrder) { compare_with_a_set(5); }
TEST(WantQueue, HasTheBestOnTopOfWantsThatComeInAnyOrder) { compare_with_a_set(100); }

TEST(WantIndex, FindsAWantByItsCid) {
  WantIndex index(3);
  SeededRandom random(1);
  std::map<uint32_t, uint32_t> known;  // CID, want
  for (uint32_t i = 0; i < 20'000; ++i) {
    const auto cid = static_cast<uint32_t>(random.next() % 1000);
    const auto found = known.find(cid);
    ASSERT_EQ(index.find(cid), found == known.end() ? kNone : found->second);
    if (found == known.end()) {
      index.insert(cid, i);
      known[cid] = i;
    } else {
      index.erase(cid);
      known.erase(found);
    }
  }
  EXPECT_EQ(index.size(), known.size());
  EXPECT_EQ(index.all().size(), known.size());
}

}  // namespace
}  // namespace timerose::bitswap
