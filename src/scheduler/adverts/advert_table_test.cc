#include "scheduler/adverts/advert_table.h"

#include <gtest/gtest.h>

#include "scheduler/testing.h"

namespace timerose::scheduler {
namespace {

using testing::advert_of;
using testing::key_of;
using testing::kNow_ms;

struct AdvertTableTest : ::testing::Test {
  Heard hear(const Advert& advert, uint64_t now_ms = kNow_ms) {
    return table.hear(now_ms, *advert.encode()).heard;
  }
  size_t expire(uint64_t now_ms) {
    size_t gone = 0;
    table.expire(now_ms, [&](NodeSlot) { ++gone; });
    return gone;
  }
  SeededRandom random{1};
  AdvertTable table{key_of(0).public_key(), random};
};

TEST_F(AdvertTableTest, KeepsTheNewestOfEachNode) {
  EXPECT_EQ(hear(advert_of(1, 1)), Heard::kNew);
  EXPECT_EQ(hear(advert_of(2, 1)), Heard::kNew);
  EXPECT_EQ(hear(advert_of(1, 2, kNow_ms + 5000)), Heard::kNewer);
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.find(key_of(1).public_key())->advert->sequence, 2U);
  EXPECT_EQ(table.find(key_of(3).public_key()), nullptr);
}

TEST_F(AdvertTableTest, DropsAndCountsWhatIsNotGood) {
  EXPECT_EQ(hear(advert_of(1, 5)), Heard::kNew);
  EXPECT_EQ(hear(advert_of(1, 5)), Heard::kRepeated);
  EXPECT_EQ(hear(advert_of(1, 4)), Heard::kReplayed);
  EXPECT_EQ(hear(advert_of(1, 5, kNow_ms + 10'000)), Heard::kReplayed);
  EXPECT_EQ(hear(advert_of(1, 6, kNow_ms + 100)), Heard::kTooSoon);
  EXPECT_EQ(hear(advert_of(0, 1)), Heard::kOwn);
  EXPECT_EQ(hear(advert_of(2, 1, kNow_ms + AdvertTable::kSkewMax_ms + 1)), Heard::kFuture);
  EXPECT_EQ(hear(advert_of(2, 1, kNow_ms - 90'000 - AdvertTable::kSkewMax_ms - 1)), Heard::kStale);
  Advert forged = advert_of(2);
  forged.capacity.cores = 64;
  EXPECT_EQ(hear(forged), Heard::kForged);
  EXPECT_EQ(table.hear(kNow_ms, as_bytes("nonsense")).heard, Heard::kMalformed);
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.find(key_of(1).public_key())->advert->sequence, 5U);
  for (const Heard heard : {Heard::kRepeated, Heard::kTooSoon, Heard::kOwn, Heard::kFuture,
                            Heard::kStale, Heard::kForged, Heard::kMalformed}) {
    EXPECT_EQ(table.counters()[static_cast<size_t>(heard)], 1U) << heard_name(heard);
  }
  EXPECT_EQ(table.counters()[static_cast<size_t>(Heard::kReplayed)], 2U);
}

TEST_F(AdvertTableTest, WhatWasKeptOverARestartIsJudgedLikeAnyOther) {
  const auto hear_kept = [&](const Advert& advert, uint64_t heard_ms) {
    return table.hear_kept(kNow_ms, heard_ms, *advert.encode()).heard;
  };
  const uint64_t before_ms = kNow_ms - 60'000;
  EXPECT_EQ(hear_kept(advert_of(1, 1, before_ms), before_ms), Heard::kNew);
  Advert forged = advert_of(2, 1, before_ms);
  forged.capacity.cores = 64;
  EXPECT_EQ(hear_kept(forged, before_ms), Heard::kForged);
  EXPECT_EQ(hear_kept(advert_of(3, 1, kNow_ms - 91'000), kNow_ms - 91'000), Heard::kStale)
      << "three intervals after it was heard";
  EXPECT_EQ(hear_kept(advert_of(4, 1, kNow_ms + 61'000), kNow_ms), Heard::kFuture);
  EXPECT_EQ(hear_kept(advert_of(5, 1), kNow_ms + 1'000'000), Heard::kNew) << "clocks are set back";
  EXPECT_EQ(table.find(key_of(1).public_key())->heard_unix_ms, before_ms);
  EXPECT_EQ(table.find(key_of(5).public_key())->heard_unix_ms, kNow_ms);
  EXPECT_EQ(expire(before_ms + 90'001), 1U) << "it lives no longer for that";
}

TEST_F(AdvertTableTest, TellsWhoHadToLeave) {
  AdvertTable small(key_of(0).public_key(), random, 1);
  PublicKey there;
  for (uint32_t i = 1; i <= 20; ++i) {
    const auto outcome = small.hear(kNow_ms, *advert_of(i).encode());
    EXPECT_EQ(outcome.removed.has_value(), outcome.removed_node.has_value());
    if (outcome.removed_node) {
      EXPECT_EQ(*outcome.removed_node, there);
    }
    if (outcome.slot) there = key_of(i).public_key();
  }
  EXPECT_FALSE(there == key_of(1).public_key());
}

TEST_F(AdvertTableTest, ForgetsANodeAfterThreeIntervals) {
  const Advert advert = advert_of(1);
  ASSERT_EQ(advert.interval_s, 30U);
  EXPECT_EQ(hear(advert), Heard::kNew);
  EXPECT_EQ(expire(kNow_ms + 90'000), 0U);
  EXPECT_EQ(expire(kNow_ms + 90'001), 1U);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.find(key_of(1).public_key()), nullptr);
  EXPECT_EQ(expire(kNow_ms + 90'002), 0U);
}

TEST_F(AdvertTableTest, AReplayDoesNotBringBackAnExpiredNode) {
  EXPECT_EQ(hear(advert_of(1)), Heard::kNew);
  for (uint64_t later = 90'001; later < 200'000; later += 1000) {
    expire(kNow_ms + later);
    const Heard heard = hear(advert_of(1), kNow_ms + later);
    EXPECT_TRUE(heard == Heard::kRepeated || heard == Heard::kStale) << heard_name(heard);
  }
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(hear(advert_of(1, 2, kNow_ms + 200'000), kNow_ms + 200'000), Heard::kNew);
  EXPECT_EQ(table.size(), 1U);
}

TEST_F(AdvertTableTest, AnExpiredNodeIsNewWhenItComesBack) {
  EXPECT_EQ(hear(advert_of(1)), Heard::kNew);
  EXPECT_EQ(expire(kNow_ms + 90'001), 1U);
  EXPECT_EQ(hear(advert_of(1, 2, kNow_ms + 91'000), kNow_ms + 91'000), Heard::kNew);
  EXPECT_EQ(table.size(), 1U);
}

TEST(AdvertTable, WhenFullKeepsNodesInUseAndAFairSample) {
  SeededRandom random(3);
  AdvertTable table(key_of(0).public_key(), random, 100);
  const auto hear = [&](uint32_t number) {
    return table.hear(kNow_ms, *advert_of(number).encode());
  };
  for (uint32_t node = 1; node <= 100; ++node) EXPECT_EQ(hear(node).heard, Heard::kNew);
  for (uint32_t node = 1; node <= 30; ++node) table.keep(key_of(node).public_key(), true);
  size_t crowded_out = 0;
  for (uint32_t node = 101; node <= 1000; ++node) {
    const auto outcome = hear(node);
    EXPECT_EQ(outcome.removed.has_value(), outcome.heard == Heard::kNew);
    crowded_out += outcome.heard == Heard::kCrowdedOut ? 1 : 0;
  }
  EXPECT_GT(crowded_out, 500U);
  EXPECT_EQ(table.size(), 100U);
  size_t old = 0;
  for (uint32_t node = 1; node <= 100; ++node) {
    const bool known = table.find(key_of(node).public_key()) != nullptr;
    if (node <= 25) {
      EXPECT_TRUE(known) << node;  // a quarter may be kept
    } else {
      old += known ? 1 : 0;
    }
  }
  EXPECT_LT(old, 25U);  // of the 75, about one in thirteen
}

TEST(AdvertTable, TenThousandNodesTakeLittleMemory) {
  SeededRandom random(3);
  AdvertTable table(key_of(0).public_key(), random, 10'000);
  size_t bytes = 0;
  for (uint32_t node = 1; node <= 200; ++node) {
    Advert advert = advert_of(node);
    advert.capacity.engines = {"wasmtime 48.0.8"};
    advert.capacity.labels = {{"zone", "eu"}, {"disk", "nvme"}};
    ASSERT_TRUE(advert.sign(key_of(node)).ok());
    bytes += sizeof(AdvertTable::Known) + sizeof(Advert) + advert.encode()->size();
    ASSERT_EQ(table.hear(kNow_ms, *advert.encode()).heard, Heard::kNew);
  }
  EXPECT_LT(bytes / 200 * 10'000, 20U << 20);
}

}  // namespace
}  // namespace timerose::scheduler
