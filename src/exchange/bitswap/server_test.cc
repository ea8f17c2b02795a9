#include "exchange/bitswap/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/bitswap/server_testing.h"

namespace timerose::bitswap {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

BlockPresence have(const Cid& cid) { return {cid, Presence::kHave}; }
BlockPresence dont_have(const Cid& cid) { return {cid, Presence::kDontHave}; }

class BitswapServer : public testing::Test {
 protected:
  void SetUp() override {
    driver.connect(kAda);
    driver.connect(kBob);
  }
  const Cid a = cid_of("a");
  const Cid b = cid_of("b");
  const Cid c = cid_of("c");
  ServerDriver driver;
};

TEST_F(BitswapServer, SendsAWantedBlock) {
  driver.add_block(a, 5000);
  driver.want(kAda, {want_block(a)});
  EXPECT_THAT(driver.receive(kAda).blocks, ElementsAre(a));
  const Ledger ledger = *driver.server.ledger(kAda);
  EXPECT_EQ(ledger.bytes_sent, 5000U);
  EXPECT_EQ(ledger.blocks_sent, 1U);
  EXPECT_EQ(ledger.wants_received, 1U);
  EXPECT_EQ(ledger.wants_waiting, 0U);
}

TEST_F(BitswapServer, SaysWhetherItHasABlock) {
  driver.add_block(a, 5000);
  driver.want(kAda, {want_have(a), want_have(b)});
  EXPECT_THAT(driver.receive(kAda).presences, ElementsAre(have(a), dont_have(b)));
}

TEST_F(BitswapServer, IsSilentAboutAnAbsentBlockIfNotAsked) {
  driver.want(kAda, {{.cid = a}, {.cid = b, .type = WantType::kHave}});
  EXPECT_TRUE(driver.on_the_way.empty());
  EXPECT_EQ(driver.server.ledger(kAda)->wants_waiting, 2U);
}

TEST_F(BitswapServer, SendsASmallBlockForAWantHave) {
  driver.add_block(a, 1024);
  driver.add_block(b, 1025);
  driver.want(kAda, {want_have(a), want_have(b)});
  const SendBlocks got = driver.receive(kAda);
  EXPECT_THAT(got.blocks, ElementsAre(a));
  EXPECT_THAT(got.presences, ElementsAre(have(b)));
}

TEST_F(BitswapServer, SendsOlderPeersBlocksAlone) {
  driver.connect(kAda, Version::k110);
  driver.add_block(a, 5000);
  driver.want(kAda, {want_have(a), want_have(b)});
  const SendBlocks got = driver.receive(kAda);
  EXPECT_THAT(got.blocks, ElementsAre(a));
  EXPECT_THAT(got.presences, IsEmpty());
}

TEST_F(BitswapServer, SendsByPriorityThenByArrival) {
  driver.answers_at_once = false;
  const Cid d = cid_of("d");
  for (const Cid& cid : {a, b, c, d}) driver.add_block(cid, 5000);
  driver.want(kAda, {want_block(a, 0), want_block(b, INT32_MIN), want_block(c, INT32_MAX),
                     want_block(d, 0)});
  driver.answer();
  EXPECT_THAT(driver.receive(kAda).blocks, ElementsAre(c, a, d, b));
}

TEST_F(BitswapServer, DoesNotSendWhatWasCancelled) {
  driver.answers_at_once = false;
  for (const Cid& cid : {a, b, c}) driver.add_block(cid, 5000);
  driver.want(kAda, {want_block(a), want_block(b), want_block(c)});
  driver.want(kAda, {cancel(a), cancel(c), want_block(c)});
  driver.answer();
  EXPECT_THAT(driver.receive(kAda).blocks, ElementsAre(b, c));
  EXPECT_EQ(driver.server.ledger(kAda)->wants_waiting, 0U);
}

TEST_F(BitswapServer, PassesOverACancelOfWhatWasNotWanted) {
  driver.want(kBob, {want_block(b)});
  driver.want(kAda, {cancel(a), cancel(b)});
  EXPECT_EQ(driver.server.ledger(kBob)->wants_waiting, 1U);
  EXPECT_EQ(driver.server.ledger(kAda)->wants_received, 0U);
}

TEST_F(BitswapServer, AFullWantlistReplacesTheWants) {
  driver.want(kAda, {want_block(a), want_block(b)});
  driver.want(kAda, {want_block(b), want_block(c), cancel(a)}, true);
  EXPECT_EQ(driver.server.ledger(kAda)->wants_waiting, 2U);
  for (const Cid& cid : {a, b, c}) driver.add_block(cid, 5000);
  driver.step(BlocksAdded{{a, b, c}});
  EXPECT_THAT(driver.receive(kAda).blocks, testing::UnorderedElementsAre(b, c));
  driver.want(kAda, {}, true);
  EXPECT_EQ(driver.server.ledger(kAda)->wants_waiting, 0U);
}

// --- Blocks that come later ---

TEST_F(BitswapServer, AnswersAWantOnceItsBlockComes) {
  driver.want(kAda, {want_block(a)});
  driver.want(kBob, {want_have(a)});
  EXPECT_THAT(driver.receive(kAda).presences, ElementsAre(dont_have(a)));
  EXPECT_THAT(driver.receive(kBob).presences, ElementsAre(dont_have(a)));
  driver.add_block(a, 5000);
  driver.step(BlocksAdded{{a}});
  EXPECT_THAT(driver.receive(kAda).blocks, ElementsAre(a));
  EXPECT_THAT(driver.receive(kBob).presences, ElementsAre(have(a)));
  driver.step(BlocksAdded{{a}});
  EXPECT_TRUE(driver.on_the_way.empty());
}

TEST_F(BitswapServer, AnswersUnderTheCidThatWasWanted) {
  const Cid version_0 = *Cid::of_sha256(Codec::kDagPb, as_bytes("a")).as_v0();
  driver.want(kAda, {{.cid = version_0}});
  driver.want(kBob, {{.cid = version_0.as_v1()}});
  driver.add_block(a, 5000);
  driver.step(BlocksAdded{{a}});
  EXPECT_THAT(driver.receive(kAda).blocks, ElementsAre(version_0));
  EXPECT_THAT(driver.receive(kBob).blocks, ElementsAre(version_0.as_v1()));
}

TEST_F(BitswapServer, KeepsTwoCidsOfOneBlockApart) {
  const Cid other = Cid::of_sha256(Codec::kDagPb, as_bytes("a"));
  driver.add_block(a, 5000);
  driver.want(kAda, {want_block(a), want_block(other)});
  EXPECT_THAT(driver.receive(kAda).blocks, ElementsAre(a, other));
}

TEST_F(BitswapServer, SeesABlockThatComesWhileItIsLookedUp) {
  driver.answers_at_once = false;
  driver.want(kAda, {want_block(a)});
  driver.step(BlocksAdded{{a}});
  driver.step(LookedUp{kAda, {{a, std::nullopt}}});  // as the store was before
  driver.add_block(a, 5000);
  driver.look_ups.pop_front();
  driver.answer();
  EXPECT_THAT(driver.receive(kAda).blocks, ElementsAre(a));
}

TEST_F(BitswapServer, ABlockThatComesReplacesADontHaveThatWaits) {
  ServerLimits limits;
  limits.peer_bytes_in_flight = 5000;
  ServerDriver held(limits);
  held.connect(kAda);
  held.add_block(b, 5000);
  held.want(kAda, {want_block(b)});
  held.want(kAda, {want_block(a)});
  held.add_block(a, 3000);
  held.step(BlocksAdded{{a}});
  const SendBlocks got = held.receive(kAda);
  EXPECT_THAT(got.blocks, ElementsAre(b, a));
  EXPECT_THAT(got.presences, IsEmpty());
}

// --- Wants told again ---

TEST_F(BitswapServer, DoesNotSendABlockAgainThatIsOnItsWay) {
  driver.add_block(a, 5000);
  driver.want(kAda, {want_block(a)});
  driver.want(kAda, {want_block(a)});
  driver.want(kAda, {cancel(a), want_block(a)});
  EXPECT_EQ(driver.on_the_way.size(), 1U);
  EXPECT_THAT(driver.receive(kAda).blocks, ElementsAre(a));
  driver.want(kAda, {want_block(a)});
  EXPECT_THAT(driver.receive(kAda).blocks, ElementsAre(a));
}

TEST_F(BitswapServer, LooksAgainForAWantThatIsToldAgain) {
  driver.want(kAda, {want_block(a)});
  driver.add_block(a, 5000);  // and no one says so
  driver.want(kAda, {want_block(a)});
  EXPECT_THAT(driver.receive(kAda).blocks, ElementsAre(a));
}

TEST_F(BitswapServer, AWantHaveBecomesAWantBlockButNotBack) {
  driver.want(kAda, {want_have(a), want_block(b)});
  driver.want(kAda, {want_block(a), want_have(b)});
  driver.receive(kAda);
  for (const Cid& cid : {a, b}) driver.add_block(cid, 5000);
  driver.step(BlocksAdded{{a, b}});
  EXPECT_THAT(driver.receive(kAda).blocks, testing::UnorderedElementsAre(a, b));
}

TEST_F(BitswapServer, TheNewestPriorityCounts) {
  ServerLimits limits;
  limits.peer_bytes_in_flight = 6000;
  ServerDriver held(limits);
  held.connect(kAda);
  for (const Cid& cid : {a, b, c}) held.add_block(cid, 5000);
  held.want(kAda, {want_block(a, 9)});
  held.want(kAda, {want_block(b, 5), want_block(c, 4)});
  held.want(kAda, {want_block(c, 6)});
  EXPECT_THAT(held.receive(kAda).blocks, ElementsAre(a, c, b));
}

// --- Policy and peers ---

TEST_F(BitswapServer, WhatIsNotServedIsAbsent) {
  driver.add_block(a, 5000);
  driver.policy = ServingPolicy(ServingPolicy::Peers::kListed);
  driver.policy.list_peer(kBob);
  driver.want(kAda, {want_block(a)});
  driver.want(kBob, {want_block(a)});
  EXPECT_THAT(driver.receive(kAda).presences, ElementsAre(dont_have(a)));
  EXPECT_THAT(driver.receive(kBob).blocks, ElementsAre(a));
  driver.step(BlocksAdded{{a}});
  EXPECT_THAT(driver.receive(kAda).blocks, IsEmpty());
}

TEST_F(BitswapServer, PassesOverPeersThatAreNotConnected) {
  driver.disconnect(kAda);
  driver.add_block(a, 5000);
  driver.want(kAda, {want_block(a)});
  driver.step(LookedUp{kAda, {{a, 5000}}});
  driver.step(MessageSent{kAda, 5000});
  driver.disconnect(kAda);
  EXPECT_TRUE(driver.on_the_way.empty());
  EXPECT_FALSE(driver.server.ledger(kAda).has_value());
  EXPECT_EQ(driver.server.ledgers().size(), 1U);
}

TEST_F(BitswapServer, ForgetsAPeerThatLeavesMidSend) {
  driver.add_block(a, 5000);
  driver.want(kAda, {want_block(a), want_block(b)});
  driver.disconnect(kAda);
  driver.step(BlocksAdded{{a, b}});
  driver.connect(kAda);
  driver.want(kAda, {want_block(a)});
  driver.write_one(kAda);  // of before: had another size
  driver.step(MessageSent{kAda, 1});
  EXPECT_EQ(driver.server.ledger(kAda)->blocks_sent, 0U);
  EXPECT_THAT(driver.receive(kAda).blocks, ElementsAre(a));
  EXPECT_EQ(driver.server.ledger(kAda)->blocks_sent, 1U);
}

TEST_F(BitswapServer, WhatAnAnswerLeavesOutIsAbsent) {
  driver.answers_at_once = false;
  driver.want(kAda, {want_block(a), want_block(b), want_block(c)});
  driver.step(LookedUp{kAda, {{b, 5000}}});
  const SendBlocks got = driver.receive(kAda);
  EXPECT_THAT(got.blocks, ElementsAre(b));
  EXPECT_THAT(got.presences, ElementsAre(dont_have(a), dont_have(c)));
}

}  // namespace
}  // namespace timerose::bitswap
