// What the client does when peers are absent, silent, slow or lying.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "exchange/bitswap/client_testing.h"

namespace timerose::bitswap {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(BitswapClientTrouble, LooksForProvidersAtOnceWhenNobodyIsConnected) {
  ClientBench bench;
  const Actions asked = bench.want({kRoot});
  ASSERT_THAT(asked.of<FindProviders>(), SizeIs(1));
  EXPECT_EQ(asked.of<FindProviders>()[0].cid, kRoot);
}

TEST(BitswapClientTrouble, LooksForProvidersWhenAllHaveSaidNo) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.connect(kBert);
  bench.want({kRoot});
  EXPECT_THAT(bench.say(kAnna, kRoot, Presence::kDontHave).of<FindProviders>(), IsEmpty());
  EXPECT_THAT(bench.say(kBert, kRoot, Presence::kDontHave).of<FindProviders>(), SizeIs(1));
}

TEST(BitswapClientTrouble, LooksForProvidersWhenNobodyAnswers) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.want({kRoot});
  EXPECT_THAT(bench.run_until(bench.now_ns + 1100 * kMs).of<FindProviders>(), SizeIs(1));
}

TEST(BitswapClientTrouble, DialsProvidersAndAsksThemOnceTheyAreConnected) {
  ClientBench bench;
  bench.want({kRoot});
  const Actions found =
      bench.step(ProvidersKnown{.cid = kRoot, .providers = {kAnna}, .search_ended = true});
  ASSERT_THAT(found.of<DialPeer>(), SizeIs(1));
  EXPECT_EQ(found.of<DialPeer>()[0].peer, kAnna);
  const Actions connected = bench.step(PeerConnected{.peer = kAnna});
  EXPECT_THAT(connected.blocks_asked(kAnna), ElementsAre(kRoot));
}

TEST(BitswapClientTrouble, AsksAProviderThatIsConnectedAtOnce) {
  ClientBench bench;
  for (const PeerId& peer : {kAnna, kBert, kCleo}) bench.connect(peer);
  bench.want({kRoot});
  for (const PeerId& peer : {kAnna, kBert}) bench.say(peer, kRoot, Presence::kDontHave);
  bench.run_until(bench.now_ns + 3 * kSecond);
  const Actions found = bench.step(ProvidersKnown{.cid = kRoot, .providers = {kAnna}});
  EXPECT_THAT(found.of<DialPeer>(), IsEmpty());
}

TEST(BitswapClientTrouble, WaitsForADialedProviderBeforeItAsksEveryone) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.connect(kBert);
  EXPECT_THAT(bench.open({kCleo}).of<DialPeer>(), SizeIs(1));
  EXPECT_THAT(bench.want({kRoot}).of<SendWants>(), IsEmpty());
  const Actions later = bench.run_until(bench.now_ns + kSecond / 4);
  EXPECT_EQ(later.blocks_asked(kAnna).size() + later.blocks_asked(kBert).size(), 1U);
  bench.connect(kCleo);
  EXPECT_THAT(bench.want({test_cid(1)}).blocks_asked(kCleo), ElementsAre(test_cid(1)));
}

TEST(BitswapClientTrouble, TellsOfOnePeer) {
  ClientBench bench;
  EXPECT_FALSE(bench.client.peer(kAnna).has_value());
  bench.connect(kAnna);
  bench.want(test_cids(0, 3));
  ASSERT_TRUE(bench.client.peer(kAnna).has_value());
  EXPECT_EQ(bench.client.peer(kAnna)->waiting, 3U);
}

TEST(BitswapClientTrouble, AsksAPeerThatConnectsForWhatNobodyHas) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.want({kRoot});
  bench.say(kAnna, kRoot, Presence::kDontHave);
  EXPECT_THAT(bench.step(PeerConnected{.peer = kBert}).blocks_asked(kBert), ElementsAre(kRoot));
}

TEST(BitswapClientTrouble, BoundsTheSearchesOfASession) {
  ClientBench bench;
  const Actions asked = bench.want(test_cids(0, 1000));
  EXPECT_THAT(asked.of<FindProviders>(), SizeIs(4));
  const Actions next = bench.step(ProvidersKnown{
      .cid = asked.of<FindProviders>()[0].cid, .providers = {}, .search_ended = true});
  EXPECT_THAT(next.of<FindProviders>(), SizeIs(1));
}

TEST(BitswapClientTrouble, AsksEveryoneAgainAfterAWhile) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.want({kRoot});
  bench.say(kAnna, kRoot, Presence::kDontHave);
  const Actions later = bench.run_until(bench.now_ns + 21 * kSecond);
  EXPECT_THAT(later.blocks_asked(kAnna), testing::Contains(kRoot));
  EXPECT_LE(later.blocks_asked(kAnna).size(), 3U);
}

TEST(BitswapClientTrouble, AsksElsewhereWhenAPeerDisconnects) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.connect(kBert);
  bench.open({kAnna, kBert});
  ASSERT_THAT(bench.want({kRoot}).blocks_asked(kAnna), SizeIs(1));
  EXPECT_THAT(bench.step(PeerDisconnected{kAnna}).blocks_asked(kBert), ElementsAre(kRoot));
}

TEST(BitswapClientTrouble, DialsTheOnlyHolderAgainAndGoesOn) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.want(test_cids(0, 5));
  bench.arrive(kAnna, {test_cid(0)});
  const Actions lost = bench.step(PeerDisconnected{kAnna});
  ASSERT_THAT(lost.of<DialPeer>(), SizeIs(1));
  EXPECT_THAT(bench.step(PeerConnected{.peer = kAnna}).blocks_asked(kAnna), SizeIs(4));
}

TEST(BitswapClientTrouble, GivesUpAtTheDeadlineAndSaysWhy) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.connect(kBert);
  bench.open();
  bench.want({kRoot});
  bench.say(kAnna, kRoot, Presence::kDontHave);
  const Actions before = bench.run_until(bench.deadline_ns - 1);
  EXPECT_THAT(before.of<GiveUp>(), IsEmpty());
  EXPECT_EQ(bench.client.next_tick_ns(), bench.deadline_ns);
  const Actions after = bench.run_until(bench.deadline_ns);
  ASSERT_THAT(after.of<GiveUp>(), SizeIs(1));
  const std::string why = after.of<GiveUp>()[0].why;
  EXPECT_THAT(why, HasSubstr("asked 2 peers"));
  EXPECT_THAT(why, HasSubstr(kAnna.to_string() + ": did not have it; asked again"));
  EXPECT_THAT(why, HasSubstr(kBert.to_string() + ": no answer in "));
  EXPECT_THAT(why, HasSubstr("looked for providers"));
  EXPECT_FALSE(bench.client.wants(kRoot));
  EXPECT_EQ(bench.client.next_tick_ns(), UINT64_MAX);
}

TEST(BitswapClientTrouble, KeepsADeadlineForEachSession) {
  ClientBench bench;
  bench.connect(kAnna);
  const uint64_t start_ns = bench.now_ns;
  bench.step(WantBlocks{SessionId{1}, {kRoot}, start_ns + 5 * kSecond});
  bench.step(WantBlocks{SessionId{2}, {kRoot}, start_ns + 9 * kSecond});
  EXPECT_THAT(bench.run_until(start_ns + 5 * kSecond).of<GiveUp>(), SizeIs(1));
  EXPECT_TRUE(bench.client.wants(kRoot));
  EXPECT_THAT(bench.run_until(start_ns + 9 * kSecond).of<GiveUp>(), SizeIs(1));
  EXPECT_FALSE(bench.client.wants(kRoot));
}

TEST(BitswapClientTrouble, CountsDuplicatesAndBlocksThatNobodyAskedFor) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.want({kRoot});
  bench.arrive(kAnna, {kRoot});
  const Actions again = bench.arrive(kAnna, {kRoot});
  ASSERT_THAT(again.of<Accept>(), SizeIs(1));
  EXPECT_TRUE(again.of<Accept>()[0].duplicate);
  EXPECT_THAT(bench.arrive(kAnna, {test_cid(99)}).of<Accept>(), IsEmpty());
  const ClientPeerStat stat = bench.client.peers()[0];
  EXPECT_EQ(stat.blocks, 1U);
  EXPECT_EQ(stat.duplicate_blocks, 1U);
  EXPECT_EQ(stat.unwanted_blocks, 1U);
}

TEST(BitswapClientTrouble, AsksAPeerWhoseBlockCameSecondForTheNextOnes) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.connect(kBert);
  bench.want({kRoot});
  bench.arrive(kAnna, {kRoot});
  bench.arrive(kBert, {kRoot});
  const Actions next = bench.want({test_cid(1), test_cid(2), test_cid(3), test_cid(4)});
  EXPECT_THAT(next.blocks_asked(kAnna), Not(IsEmpty()));
  EXPECT_THAT(next.blocks_asked(kBert), Not(IsEmpty()));
}

TEST(BitswapClientTrouble, AvoidsAPeerThatPushesWhatNobodyAskedFor) {
  ClientBench bench;
  bench.connect(kAnna);
  Actions actions;
  for (uint32_t i = 0; i < 256; ++i) actions = bench.arrive(kAnna, {test_cid(1000 + i)});
  EXPECT_THAT(actions.of<AvoidPeer>(), SizeIs(1));
}

TEST(BitswapClientTrouble, AsksElsewhereAtOnceWhenBytesWereWrong) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.connect(kBert);
  bench.open({kAnna, kBert});
  ASSERT_THAT(bench.want({kRoot}).blocks_asked(kAnna), SizeIs(1));
  EXPECT_THAT(bench.step(BadBlocks{.from = kAnna}).blocks_asked(kBert), ElementsAre(kRoot));
  bench.arrive(kBert, {kRoot});
  // And not there again while another has it.
  EXPECT_THAT(bench.want(test_cids(1, 40)).blocks_asked(kAnna), IsEmpty());
}

TEST(BitswapClientTrouble, TakesABlockThatWasNotAskedForAsWrongBytesForOneThatWas) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.connect(kBert);
  bench.open({kAnna, kBert});
  ASSERT_THAT(bench.want({kRoot}).blocks_asked(kAnna), SizeIs(1));
  EXPECT_THAT(bench.arrive(kAnna, {test_cid(99)}).blocks_asked(kBert), ElementsAre(kRoot));
}

TEST(BitswapClientTrouble, AvoidsAPeerAfterAFewWrongBlocks) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.want({kRoot});
  EXPECT_THAT(bench.step(BadBlocks{.from = kAnna}).blocks_asked(kAnna), ElementsAre(kRoot));
  EXPECT_THAT(bench.step(BadBlocks{.from = kAnna}).of<AvoidPeer>(), IsEmpty());
  const Actions third = bench.step(BadBlocks{.from = kAnna});
  ASSERT_THAT(third.of<AvoidPeer>(), SizeIs(1));
  EXPECT_EQ(third.of<AvoidPeer>()[0].peer, kAnna);
  EXPECT_THAT(third.of<FindProviders>(), SizeIs(1));
  EXPECT_THAT(bench.step(BadBlocks{.from = kAnna}).of<AvoidPeer>(), IsEmpty());
  // Coming back does not help it.
  bench.step(PeerDisconnected{kAnna});
  EXPECT_THAT(bench.step(PeerConnected{.peer = kAnna}).of<SendWants>(), IsEmpty());
}

TEST(BitswapClientTrouble, DoesNotWaitForRoomAtADoubtfulPeer) {
  ClientBench bench;
  bench.connect(kAnna, Version::k110);
  bench.open({kAnna});
  ASSERT_THAT(bench.want({kRoot}).blocks_asked(kAnna), SizeIs(1));
  EXPECT_THAT(bench.arrive(kAnna, {test_cid(99)}).of<FindProviders>(), SizeIs(1));
  bench.step(ProvidersKnown{.cid = kRoot, .providers = {kBert}, .search_ended = true});
  EXPECT_THAT(bench.step(PeerConnected{.peer = kBert}).blocks_asked(kBert), ElementsAre(kRoot));
}

TEST(BitswapClientTrouble, GoesOnAtOnceWhenASilentPeerSpeaksAgain) {
  ClientBench bench(ClientLimits{.peer_wants_max = 16, .peer_bytes_max = 64U << 20});
  bench.connect(kAnna);
  bench.want(test_cids(0, 40));
  bench.run_until(bench.now_ns + 3 * kSecond);
  const Actions back = bench.arrive(kAnna, test_cids(0, 8));
  EXPECT_THAT(back.blocks_asked(kAnna), SizeIs(8));
}

TEST(BitswapClientTrouble, AsksAgainForWhatAPeerHasPassedOver) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.want(test_cids(0, 400));
  Actions actions;
  std::vector<Cid> again;
  for (uint32_t i = 1; i < 400; ++i) {
    bench.now_ns += 5 * kMs;
    actions = bench.arrive(kAnna, {test_cid(i)}, 4096);
    for (const Cid& cid : actions.blocks_asked(kAnna)) {
      if (cid == test_cid(0)) again.push_back(cid);
    }
  }
  EXPECT_THAT(again, SizeIs(1));
}

TEST(BitswapClientTrouble, MovesTheTailOfASlowPeerToAnIdleOne) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.connect(kBert);
  bench.open({kAnna, kBert});
  std::deque<Cid> anna;
  std::deque<Cid> bert;
  const auto note = [&](const Actions& actions) {
    for (const Cid& cid : actions.cancelled(kAnna)) std::erase(anna, cid);
    for (const Cid& cid : actions.blocks_asked(kAnna)) anna.push_back(cid);
    for (const Cid& cid : actions.blocks_asked(kBert)) bert.push_back(cid);
  };
  note(bench.want(test_cids(0, 60)));
  // Anna sends a block every 100 ms, Bert every 2 ms: neither was known before.
  uint64_t ms = 0;
  for (; !bench.client.wantlist().empty() && ms < 10'000; ++ms) {
    bench.now_ns += kMs;
    std::deque<Cid>* queue = ms % 100 == 99 ? &anna : ms % 2 == 1 ? &bert : nullptr;
    if (queue == nullptr || queue->empty()) continue;
    const Cid cid = queue->front();
    queue->pop_front();
    note(bench.arrive(queue == &anna ? kAnna : kBert, {cid}, 256U << 10));
  }
  EXPECT_LT(ms, 1000U);  // 3,000 if Anna had kept her half
  for (const ClientPeerStat& stat : bench.client.peers()) EXPECT_EQ(stat.duplicate_blocks, 0U);
}

TEST(BitswapClientTrouble, RemembersABoundedNumberOfPeersThatLeft) {
  ClientBench bench;
  for (uint32_t i = 0; i < 5000; ++i) {
    bench.connect(test_peer(i));
    bench.step(PeerDisconnected{test_peer(i)});
  }
  EXPECT_THAT(bench.client.peers(), IsEmpty());
}

TEST(BitswapClientTrouble, HandlesTenThousandSessionsQuickly) {
  ClientBench bench;
  for (uint32_t i = 0; i < 20; ++i) bench.connect(test_peer(i));
  for (uint32_t i = 0; i < 10'000; ++i) {
    bench.want({test_cid(i)}, SessionId{i});
    bench.now_ns += kMs / 100;
  }
  for (uint32_t i = 0; i < 10'000; ++i) bench.arrive(test_peer(i % 20), {test_cid(i)});
  EXPECT_THAT(bench.client.wantlist(), IsEmpty());
}

}  // namespace
}  // namespace timerose::bitswap
