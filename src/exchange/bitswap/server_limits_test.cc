// The server at its limits, and under peers that mean harm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/bitswap/server_testing.h"

namespace timerose::bitswap {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uint32_t kBlock = 10'000;
constexpr uint64_t kCost = kBlock + kBlockFramingBytesMax;  // of such a block in a message

// Wants for the blocks number `first` and up.
std::vector<Want> wants_of(uint64_t first, size_t count) {
  std::vector<Want> wants;
  for (size_t i = 0; i < count; ++i) wants.push_back(want_block(cid_of(first + i)));
  return wants;
}

struct Limited : ServerDriver {
  explicit Limited(const ServerLimits& limits, uint64_t blocks = 0) : ServerDriver(limits) {
    connect(kAda);
    connect(kBob);
    for (uint64_t i = 0; i < blocks; ++i) add_block(cid_of(i), kBlock);
  }
};

// --- Limits, each at its edge ---

TEST(BitswapServerLimits, KeepsSoManyWantsOfAPeer) {
  Limited driver({.peer_wants_max = 3});
  driver.want(kAda, wants_of(0, 3));
  EXPECT_THAT(driver.receive(kAda).presences, SizeIs(3));
  EXPECT_EQ(driver.server.ledger(kAda)->wants_refused, 0U);
  driver.want(kAda, wants_of(3, 1));
  EXPECT_THAT(driver.receive(kAda).presences,
              ElementsAre(BlockPresence{cid_of(3), Presence::kDontHave}));
  EXPECT_EQ(driver.server.ledger(kAda)->wants_refused, 1U);
  EXPECT_EQ(driver.server.ledger(kAda)->wants_waiting, 3U);
  EXPECT_EQ(driver.looked_up, 3U);

  driver.want(kAda, {cancel(cid_of(0))});
  driver.want(kAda, wants_of(3, 1));
  EXPECT_EQ(driver.looked_up, 4U);
  driver.want(kBob, wants_of(0, 3));
  EXPECT_EQ(driver.server.ledger(kBob)->wants_waiting, 3U);
}

TEST(BitswapServerLimits, AFullWantlistMayReplaceAsManyAsAreKept) {
  Limited driver({.peer_wants_max = 3});
  driver.want(kAda, wants_of(0, 3));
  driver.want(kAda, wants_of(1, 3), true);
  EXPECT_EQ(driver.server.ledger(kAda)->wants_refused, 0U);
  EXPECT_EQ(driver.server.ledger(kAda)->wants_waiting, 3U);
}

TEST(BitswapServerLimits, KeepsSoManyWantsOfAll) {
  Limited driver({.wants_max = 4});
  driver.want(kAda, wants_of(0, 3));
  driver.want(kBob, wants_of(0, 2));
  EXPECT_EQ(driver.server.ledger(kBob)->wants_refused, 1U);
  driver.disconnect(kAda);
  driver.want(kBob, wants_of(1, 3));
  EXPECT_EQ(driver.server.ledger(kBob)->wants_refused, 1U);
  EXPECT_EQ(driver.server.ledger(kBob)->wants_waiting, 4U);
}

TEST(BitswapServerLimits, FillsAMessageToItsBytes) {
  for (const uint64_t short_by : {0, 1}) {
    Limited driver({.message_bytes_max = 3 * kCost - short_by}, 6);
    driver.want(kAda, wants_of(0, 6));
    EXPECT_THAT(driver.write_one(kAda).blocks, SizeIs(short_by == 0 ? 3 : 2));
  }
}

TEST(BitswapServerLimits, SendsABlockLargerThanAMessageAlone) {
  Limited driver({.message_bytes_max = 1}, 3);
  driver.want(kAda, wants_of(0, 3));
  driver.want(kBob, wants_of(0, 3));
  EXPECT_THAT(driver.write_one(kAda).blocks, SizeIs(1));
  EXPECT_THAT(driver.receive(kAda).blocks, SizeIs(2));
  EXPECT_THAT(driver.receive(kBob).blocks, SizeIs(3));
}

TEST(BitswapServerLimits, PutsNoMoreEntriesIntoAMessageThanOnesMayHave) {
  Limited driver({.look_up_max = kEntriesMax});
  driver.want(kAda, wants_of(0, kEntriesMax));
  for (uint64_t i = 0; i < kEntriesMax; ++i) driver.add_block(cid_of(i), 1);
  driver.receive(kAda);
  driver.answers_at_once = false;
  for (uint64_t i = 0; i < kEntriesMax; ++i) driver.step(BlocksAdded{{cid_of(i)}});
  driver.answer();
  while (driver.in_flight[kAda] != 0) {
    const SendBlocks one = driver.write_one(kAda);
    EXPECT_LE(one.blocks.size() + one.presences.size(), kEntriesMax);
    EXPECT_LE(one.bytes, ServerLimits().message_bytes_max);
  }
  EXPECT_EQ(driver.server.ledger(kAda)->blocks_sent, kEntriesMax);
}

TEST(BitswapServerLimits, HandsTheHostSoManyBytesForAPeer) {
  for (const uint64_t short_by : {0, 1}) {
    Limited driver({.message_bytes_max = kCost, .peer_bytes_in_flight = 4 * kCost - short_by}, 9);
    driver.want(kAda, wants_of(0, 9));
    EXPECT_EQ(driver.in_flight[kAda], (short_by == 0 ? 4 : 3) * kCost);
    EXPECT_THAT(driver.receive(kAda).blocks, SizeIs(9));
  }
}

TEST(BitswapServerLimits, HandsTheHostSoManyBytesInAll) {
  for (const uint64_t short_by : {0, 1}) {
    Limited driver({.message_bytes_max = kCost, .bytes_in_flight = 3 * kCost - short_by}, 9);
    for (uint8_t i = 3; i < 8; ++i) {
      driver.connect(peer_of(i));
      driver.want(peer_of(i), wants_of(0, 2));
    }
    EXPECT_THAT(driver.on_the_way, SizeIs(short_by == 0 ? 3 : 2));
    for (int round = 0; round < 3; ++round) {
      for (uint8_t i = 3; i < 8; ++i) driver.receive(peer_of(i));
    }
    for (uint8_t i = 3; i < 8; ++i) EXPECT_EQ(driver.server.ledger(peer_of(i))->blocks_sent, 2U);
  }
}

TEST(BitswapServerLimits, LooksUpSoManyCidsAtATime) {
  Limited driver({.look_up_max = 4}, 9);
  driver.answers_at_once = false;
  driver.want(kAda, wants_of(0, 9));
  ASSERT_THAT(driver.look_ups, SizeIs(1));
  EXPECT_THAT(driver.look_ups[0].cids, SizeIs(4));
  driver.answer();
  EXPECT_EQ(driver.looked_up, 9U);
  EXPECT_THAT(driver.receive(kAda).blocks, SizeIs(9));
}

TEST(BitswapServerLimits, TellsHowManyBytesWaitBehindAMessage) {
  Limited driver({.message_bytes_max = kCost, .peer_bytes_in_flight = kCost}, 3);
  driver.want(kAda, wants_of(0, 3));
  driver.write_one(kAda);
  EXPECT_EQ(driver.on_the_way.front().pending_bytes, static_cast<int32_t>(kBlock));
  driver.write_one(kAda);
  EXPECT_EQ(driver.on_the_way.front().pending_bytes, 0);
}

// --- Turns ---

TEST(BitswapServerTurns, OneThatWantsMuchDelaysNoOther) {
  Limited driver({.message_bytes_max = 4 * kCost, .bytes_in_flight = 16 * kCost}, 1000);
  driver.want(kAda, wants_of(0, 1000));
  driver.want(kBob, wants_of(0, 50));
  while (driver.server.ledger(kBob)->blocks_sent < 50) {
    const PeerId next = driver.on_the_way.front().peer;
    driver.write_one(next);
  }
  // As much, and what was on the way before.
  EXPECT_LE(driver.server.ledger(kAda)->blocks_sent, 50U + 2 * 16);
}

TEST(BitswapServerTurns, OnesWhoWaitAreSentAMessageEachInTurn) {
  Limited driver({.message_bytes_max = kCost, .bytes_in_flight = 64 * kCost}, 20);
  const PeerId carl = peer_of(3);
  driver.connect(carl);
  driver.add_block(cid_of(99), 64 * kCost - kBlockFramingBytesMax);
  driver.want(carl, {want_block(cid_of(99))});
  driver.want(kAda, wants_of(0, 2));
  driver.want(kBob, wants_of(0, 2));
  ASSERT_EQ(driver.on_the_way.size(), 1U);

  driver.write_one(carl);  // room for all comes at once
  std::vector<PeerId> order;
  for (const SendBlocks& one : driver.on_the_way) order.push_back(one.peer);
  EXPECT_EQ(order, (std::vector{kAda, kBob, kAda, kBob}));
}

TEST(BitswapServerTurns, SharesByBytesNotByBlocks) {
  Limited driver({.message_bytes_max = 4 * kCost, .bytes_in_flight = 16 * kCost});
  for (uint64_t i = 0; i < 1000; ++i) driver.add_block(cid_of(i), i < 500 ? kBlock : kBlock / 10);
  driver.want(kAda, wants_of(0, 500));
  driver.want(kBob, wants_of(500, 500));
  while (driver.server.ledger(kBob)->blocks_sent < 400) {
    const PeerId next = driver.on_the_way.front().peer;
    driver.write_one(next);
  }
  EXPECT_LE(driver.server.ledger(kAda)->bytes_sent, 2 * driver.server.ledger(kBob)->bytes_sent);
  EXPECT_LE(driver.server.ledger(kBob)->bytes_sent, 2 * driver.server.ledger(kAda)->bytes_sent);
}

TEST(BitswapServerTurns, ManyWhoShareLittleRoomAreNotSentEverSmallerMessages) {
  constexpr uint64_t kLeast = 4000;
  Limited driver({.bytes_in_flight = kLeast * 256});
  for (uint64_t i = 0; i < 300; ++i) driver.add_block(cid_of(i), 100);
  for (uint8_t i = 10; i < 210; ++i) {
    driver.connect(peer_of(i));
    driver.want(peer_of(i), wants_of(0, 300));
  }
  while (!driver.on_the_way.empty()) {
    const SendBlocks next = driver.on_the_way.front();
    if (next.pending_bytes != 0) {
      ASSERT_GT(next.bytes + 100 + kBlockFramingBytesMax, kLeast);  // one more was too much
    }
    driver.write_one(next.peer);
  }
  EXPECT_EQ(driver.server.ledger(peer_of(10))->blocks_sent, 300U);
}

// --- Harm ---

TEST(BitswapServerHarm, AFloodOfNewWantsCostsOneLookUpAtATime) {
  Limited driver({.peer_wants_max = 100, .look_up_max = 10});
  driver.answers_at_once = false;
  for (uint64_t round = 0; round < 200; ++round) {
    driver.want(kAda, wants_of(round * 100, 100));
    std::vector<Want> cancels;
    for (uint64_t i = 0; i < 100; ++i) cancels.push_back(cancel(cid_of(round * 100 + i)));
    driver.want(kAda, cancels);
  }
  EXPECT_THAT(driver.look_ups, SizeIs(1));
  EXPECT_LE(driver.server.ledger(kAda)->wants_waiting, 100U);
  driver.answer();
  EXPECT_EQ(driver.server.ledger(kAda)->wants_waiting, 0U);
}

TEST(BitswapServerHarm, WantsToldOverAndOverAreKeptOnce) {
  Limited driver({}, 10);
  driver.answers_at_once = false;
  for (int32_t i = 0; i < 10'000; ++i) {
    driver.want(kAda, {want_block(cid_of(uint64_t{0}), i % 2 == 0 ? INT32_MAX : INT32_MIN)});
  }
  EXPECT_EQ(driver.server.ledger(kAda)->wants_waiting, 1U);
  EXPECT_THAT(driver.look_ups, SizeIs(1));
  driver.answer();
  EXPECT_THAT(driver.receive(kAda).blocks, SizeIs(1));
}

TEST(BitswapServerHarm, RefusalsToOneWhoDoesNotReadAreBounded) {
  Limited driver({.peer_wants_max = 10, .peer_bytes_in_flight = 100'000});
  for (uint64_t round = 0; round < 300; ++round) driver.want(kAda, wants_of(round * 100, 100));
  EXPECT_LE(driver.in_flight[kAda], 100'000U);
  EXPECT_EQ(driver.server.ledger(kAda)->wants_refused, 300U * 100 - 10);
}

TEST(BitswapServerHarm, OnesWhoDoNotReadLeaveRoomForOthers) {
  Limited driver({.message_bytes_max = 10 * kCost,
                  .peer_bytes_in_flight = 20 * kCost,
                  .bytes_in_flight = 1000 * kCost},
                 200);
  for (uint8_t i = 10; i < 60; ++i) {
    driver.connect(peer_of(i));
    driver.want(peer_of(i), wants_of(0, 200));
  }
  uint64_t held = 0;
  for (const auto& [peer, bytes] : driver.in_flight) held += bytes;
  EXPECT_LE(held, 1000 * kCost);
  EXPECT_GE(held, 900 * kCost);
  driver.want(kAda, wants_of(0, 200));
  EXPECT_THAT(driver.receive(kAda).blocks, SizeIs(200));
  EXPECT_THAT(driver.closed, IsEmpty());
}

TEST(BitswapServerHarm, ClosesOnesWhoDoNotReadOnceAnotherNeedsTheirRoom) {
  Limited driver({.message_bytes_max = kCost, .bytes_in_flight = 4 * kCost, .stall_ns = 1000}, 10);
  for (uint8_t i = 10; i < 14; ++i) {
    driver.connect(peer_of(i));
    driver.want(peer_of(i), wants_of(0, 10));
  }
  EXPECT_EQ(driver.server.next_tick_ns(), UINT64_MAX);
  driver.want(kAda, wants_of(0, 10));
  EXPECT_THAT(driver.on_the_way, SizeIs(4));
  EXPECT_EQ(driver.server.next_tick_ns(), 1000U);

  driver.now_ns = 600;
  driver.write_one(peer_of(13));  // reads: Anna has its place, and it waits for the next
  EXPECT_GT(driver.in_flight[kAda], 0U);
  driver.now_ns = 999;
  driver.step(ServerTick{});
  EXPECT_THAT(driver.closed, IsEmpty());
  driver.now_ns = 1000;
  driver.step(ServerTick{});
  EXPECT_THAT(driver.closed, testing::UnorderedElementsAre(peer_of(10), peer_of(11), peer_of(12)));
  EXPECT_EQ(driver.server.next_tick_ns(), 1600U);
  driver.step(ServerTick{});
  EXPECT_THAT(driver.closed, SizeIs(3));

  driver.disconnect(peer_of(10));
  EXPECT_GT(driver.in_flight[peer_of(13)], 0U);
  EXPECT_THAT(driver.receive(kAda).blocks, SizeIs(10));
}

}  // namespace
}  // namespace timerose::bitswap
