#include "exchange/bitswap/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/bitswap/server_testing.h"

namespace timerose::bitswap {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const PeerId kAnna = peer_of(1);
const PeerId kBert = peer_of(2);

BlockPresence have(const Cid& cid) { return {cid, Presence::kHave}; }
BlockPresence dont_have(const Cid& cid) { return {cid, Presence::kDontHave}; }

class BitswapServer : public testing::Test {
 protected:
  void SetUp() override {
    driver.connect(kAnna);
    driver.connect(kBert);
  }
  const Cid a = cid_of("a");
  const Cid b = cid_of("b");
  const Cid c = cid_of("c");
  ServerDriver driver;
};

TEST_F(BitswapServer, SendsAWantedBlock) {
  driver.add_block(a, 5000);
  driver.want(kAnna, {want_block(a)});
  EXPECT_THAT(driver.receive(kAnna).blocks, ElementsAre(a));
  const Ledger ledger = *driver.server.ledger(kAnna);
  EXPECT_EQ(ledger.bytes_sent, 5000U);
  EXPECT_EQ(ledger.blocks_sent, 1U);
  EXPECT_EQ(ledger.wants_received, 1U);
  EXPECT_EQ(ledger.wants_waiting, 0U);
}

TEST_F(BitswapServer, SaysWhetherItHasABlock) {
  driver.add_block(a, 5000);
  driver.want(kAnna, {want_have(a), want_have(b)});
  EXPECT_THAT(driver.receive(kAnna).presences, ElementsAre(have(a), dont_have(b)));
}

TEST_F(BitswapServer, IsSilentAboutAnAbsentBlockIfNotAsked) {
  driver.want(kAnna, {{.cid = a}, {.cid = b, .type = WantType::kHave}});
  EXPECT_TRUE(driver.on_the_way.empty());
  EXPECT_EQ(driver.server.ledger(kAnna)->wants_waiting, 2U);
}

TEST_F(BitswapServer, SendsASmallBlockForAWantHave) {
  driver.add_block(a, 1024);
  driver.add_block(b, 1025);
  driver.want(kAnna, {want_have(a), want_have(b)});
  const SendBlocks got = driver.receive(kAnna);
  EXPECT_THAT(got.blocks, ElementsAre(a));
  EXPECT_THAT(got.presences, ElementsAre(have(b)));
}

TEST_F(BitswapServer, SendsOlderPeersBlocksAlone) {
  driver.connect(kAnna, Version::k110);
  driver.add_block(a, 5000);
  driver.want(kAnna, {want_have(a), want_have(b)});
  const SendBlocks got = driver.receive(kAnna);
  EXPECT_THAT(got.blocks, ElementsAre(a));
  EXPECT_THAT(got.presences, IsEmpty());
}

TEST_F(BitswapServer, SendsByPriorityThenByArrival) {
  driver.answers_at_once = false;
  const Cid d = cid_of("d");
  for (const Cid& cid : {a, b, c, d}) driver.add_block(cid, 5000);
  driver.want(kAnna, {want_block(a, 0), want_block(b, INT32_MIN), want_block(c, INT32_MAX),
                      want_block(d, 0)});
  driver.answer();
  EXPECT_THAT(driver.receive(kAnna).blocks, ElementsAre(c, a, d, b));
}

TEST_F(BitswapServer, DoesNotSendWhatWasCancelled) {
  driver.answers_at_once = false;
  for (const Cid& cid : {a, b, c}) driver.add_block(cid, 5000);
  driver.want(kAnna, {want_block(a), want_block(b), want_block(c)});
  driver.want(kAnna, {cancel(a), cancel(c), want_block(c)});
  driver.answer();
  EXPECT_THAT(driver.receive(kAnna).blocks, ElementsAre(b, c));
  EXPECT_EQ(driver.server.ledger(kAnna)->wants_waiting, 0U);
}

TEST_F(BitswapServer, PassesOverACancelOfWhatWasNotWanted) {
  driver.want(kBert, {want_block(b)});
  driver.want(kAnna, {cancel(a), cancel(b)});
  EXPECT_EQ(driver.server.ledger(kBert)->wants_waiting, 1U);
  EXPECT_EQ(driver.server.ledger(kAnna)->wants_received, 0U);
}

TEST_F(BitswapServer, AFullWantlistReplacesTheWants) {
  driver.want(kAnna, {want_block(a), want_block(b)});
  driver.want(kAnna, {want_block(b), want_block(c), cancel(a)}, true);
  EXPECT_EQ(driver.server.ledger(kAnna)->wants_waiting, 2U);
  for (const Cid& cid : {a, b, c}) driver.add_block(cid, 5000);
  driver.step(BlocksAdded{{a, b, c}});
  EXPECT_THAT(driver.receive(kAnna).blocks, testing::UnorderedElementsAre(b, c));
  driver.want(kAnna, {}, true);
  EXPECT_EQ(driver.server.ledger(kAnna)->wants_waiting, 0U);
}

// --- Blocks that come later ---

TEST_F(BitswapServer, AnswersAWantOnceItsBlockComes) {
  driver.want(kAnna, {want_block(a)});
  driver.want(kBert, {want_have(a)});
  EXPECT_THAT(driver.receive(kAnna).presences, ElementsAre(dont_have(a)));
  EXPECT_THAT(driver.receive(kBert).presences, ElementsAre(dont_have(a)));
  driver.add_block(a, 5000);
  driver.step(BlocksAdded{{a}});
  EXPECT_THAT(driver.receive(kAnna).blocks, ElementsAre(a));
  EXPECT_THAT(driver.receive(kBert).presences, ElementsAre(have(a)));
  driver.step(BlocksAdded{{a}});
  EXPECT_TRUE(driver.on_the_way.empty());
}

TEST_F(BitswapServer, AnswersUnderTheCidThatWasWanted) {
  const Cid version_0 = *Cid::of_sha256(Codec::kDagPb, as_bytes("a")).as_v0();
  driver.want(kAnna, {{.cid = version_0}});
  driver.want(kBert, {{.cid = version_0.as_v1()}});
  driver.add_block(a, 5000);
  driver.step(BlocksAdded{{a}});
  EXPECT_THAT(driver.receive(kAnna).blocks, ElementsAre(version_0));
  EXPECT_THAT(driver.receive(kBert).blocks, ElementsAre(version_0.as_v1()));
}

TEST_F(BitswapServer, KeepsTwoCidsOfOneBlockApart) {
  const Cid other = Cid::of_sha256(Codec::kDagPb, as_bytes("a"));
  driver.add_block(a, 5000);
  driver.want(kAnna, {want_block(a), want_block(other)});
  EXPECT_THAT(driver.receive(kAnna).blocks, ElementsAre(a, other));
}

TEST_F(BitswapServer, SeesABlockThatComesWhileItIsLookedUp) {
  driver.answers_at_once = false;
  driver.want(kAnna, {want_block(a)});
  driver.step(BlocksAdded{{a}});
  driver.step(LookedUp{kAnna, {{a, std::nullopt}}});  // as the store was before
  driver.add_block(a, 5000);
  driver.look_ups.pop_front();
  driver.answer();
  EXPECT_THAT(driver.receive(kAnna).blocks, ElementsAre(a));
}

TEST_F(BitswapServer, ABlockThatComesReplacesADontHaveThatWaits) {
  ServerLimits limits;
  limits.peer_bytes_in_flight = 5000;
  ServerDriver held(limits);
  held.connect(kAnna);
  held.add_block(b, 5000);
  held.want(kAnna, {want_block(b)});
  held.want(kAnna, {want_block(a)});
  held.add_block(a, 3000);
  held.step(BlocksAdded{{a}});
  const SendBlocks got = held.receive(kAnna);
  EXPECT_THAT(got.blocks, ElementsAre(b, a));
  EXPECT_THAT(got.presences, IsEmpty());
}

// --- Wants told again ---

TEST_F(BitswapServer, DoesNotSendABlockAgainThatIsOnItsWay) {
  driver.add_block(a, 5000);
  driver.want(kAnna, {want_block(a)});
  driver.want(kAnna, {want_block(a)});
  driver.want(kAnna, {cancel(a), want_block(a)});
  EXPECT_EQ(driver.on_the_way.size(), 1U);
  EXPECT_THAT(driver.receive(kAnna).blocks, ElementsAre(a));
  driver.want(kAnna, {want_block(a)});
  EXPECT_THAT(driver.receive(kAnna).blocks, ElementsAre(a));
}

TEST_F(BitswapServer, LooksAgainForAWantThatIsToldAgain) {
  driver.want(kAnna, {want_block(a)});
  driver.add_block(a, 5000);  // and no one says so
  driver.want(kAnna, {want_block(a)});
  EXPECT_THAT(driver.receive(kAnna).blocks, ElementsAre(a));
}

TEST_F(BitswapServer, AWantHaveBecomesAWantBlockButNotBack) {
  driver.want(kAnna, {want_have(a), want_block(b)});
  driver.want(kAnna, {want_block(a), want_have(b)});
  driver.receive(kAnna);
  for (const Cid& cid : {a, b}) driver.add_block(cid, 5000);
  driver.step(BlocksAdded{{a, b}});
  EXPECT_THAT(driver.receive(kAnna).blocks, testing::UnorderedElementsAre(a, b));
}

TEST_F(BitswapServer, TheNewestPriorityCounts) {
  ServerLimits limits;
  limits.peer_bytes_in_flight = 6000;
  ServerDriver held(limits);
  held.connect(kAnna);
  for (const Cid& cid : {a, b, c}) held.add_block(cid, 5000);
  held.want(kAnna, {want_block(a, 9)});
  held.want(kAnna, {want_block(b, 5), want_block(c, 4)});
  held.want(kAnna, {want_block(c, 6)});
  EXPECT_THAT(held.receive(kAnna).blocks, ElementsAre(a, c, b));
}

// --- Policy and peers ---

TEST_F(BitswapServer, WhatIsNotServedIsAbsent) {
  driver.add_block(a, 5000);
  driver.policy = ServingPolicy(ServingPolicy::Peers::kListed);
  driver.policy.list_peer(kBert);
  driver.want(kAnna, {want_block(a)});
  driver.want(kBert, {want_block(a)});
  EXPECT_THAT(driver.receive(kAnna).presences, ElementsAre(dont_have(a)));
  EXPECT_THAT(driver.receive(kBert).blocks, ElementsAre(a));
  driver.step(BlocksAdded{{a}});
  EXPECT_THAT(driver.receive(kAnna).blocks, IsEmpty());
}

TEST_F(BitswapServer, PassesOverPeersThatAreNotConnected) {
  driver.disconnect(kAnna);
  driver.add_block(a, 5000);
  driver.want(kAnna, {want_block(a)});
  driver.step(LookedUp{kAnna, {{a, 5000}}});
  driver.step(MessageSent{kAnna, 5000});
  driver.disconnect(kAnna);
  EXPECT_TRUE(driver.on_the_way.empty());
  EXPECT_FALSE(driver.server.ledger(kAnna).has_value());
  EXPECT_EQ(driver.server.ledgers().size(), 1U);
}

TEST_F(BitswapServer, ForgetsAPeerThatLeavesMidSend) {
  driver.add_block(a, 5000);
  driver.want(kAnna, {want_block(a), want_block(b)});
  driver.disconnect(kAnna);
  driver.step(BlocksAdded{{a, b}});
  driver.connect(kAnna);
  driver.want(kAnna, {want_block(a)});
  driver.write_one(kAnna);  // of before: had another size
  driver.step(MessageSent{kAnna, 1});
  EXPECT_EQ(driver.server.ledger(kAnna)->blocks_sent, 0U);
  EXPECT_THAT(driver.receive(kAnna).blocks, ElementsAre(a));
  EXPECT_EQ(driver.server.ledger(kAnna)->blocks_sent, 1U);
}

TEST_F(BitswapServer, WhatAnAnswerLeavesOutIsAbsent) {
  driver.answers_at_once = false;
  driver.want(kAnna, {want_block(a), want_block(b), want_block(c)});
  driver.step(LookedUp{kAnna, {{b, 5000}}});
  const SendBlocks got = driver.receive(kAnna);
  EXPECT_THAT(got.blocks, ElementsAre(b));
  EXPECT_THAT(got.presences, ElementsAre(dont_have(a), dont_have(c)));
}

}  // namespace
}  // namespace timerose::bitswap
