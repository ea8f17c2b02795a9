// Whom the client asks, for what, and in which order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "exchange/bitswap/client_testing.h"

namespace timerose::bitswap {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(BitswapClient, AsksTheOnlyPeerForTheBlockAtOnce) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.open();
  const Actions asked = bench.want({kRoot});
  EXPECT_THAT(asked.blocks_asked(kAnna), ElementsAre(kRoot));
  ASSERT_THAT(asked.of<SendWants>(), SizeIs(1));
  EXPECT_TRUE(asked.of<SendWants>()[0].wants[0].send_dont_have);

  const Actions arrived = bench.arrive(kAnna, {kRoot});
  ASSERT_THAT(arrived.of<Accept>(), SizeIs(1));
  EXPECT_EQ(arrived.of<Accept>()[0].cid, kRoot);
  EXPECT_EQ(arrived.of<Accept>()[0].from, kAnna);
  EXPECT_FALSE(arrived.of<Accept>()[0].duplicate);
  EXPECT_THAT(arrived.of<Accept>()[0].sessions, ElementsAre(SessionId{1}));
  EXPECT_THAT(arrived.of<SendWants>(), IsEmpty());
  EXPECT_FALSE(bench.client.wants(kRoot));
  EXPECT_EQ(bench.client.next_tick_ns(), UINT64_MAX);
}

TEST(BitswapClient, AsksOneForTheBlockAndTheOthersWhetherTheyHaveIt) {
  ClientBench bench;
  for (const PeerId& peer : {kAnna, kBert, kCleo}) bench.connect(peer);
  bench.open();
  const Actions asked = bench.want({kRoot});
  size_t blocks = 0;
  size_t presences = 0;
  for (const PeerId& peer : {kAnna, kBert, kCleo}) {
    blocks += asked.blocks_asked(peer).size();
    presences += asked.presences_asked(peer).size();
  }
  EXPECT_EQ(blocks, 1U);
  EXPECT_EQ(presences, 2U);
}

TEST(BitswapClient, TellsAllOthersThatWereAskedWhenTheBlockArrives) {
  ClientBench bench;
  for (const PeerId& peer : {kAnna, kBert, kCleo}) bench.connect(peer);
  bench.open();
  bench.want({kRoot});
  bench.say(kCleo, kRoot, Presence::kDontHave);
  const Actions arrived = bench.arrive(kBert, {kRoot});
  EXPECT_THAT(arrived.cancelled(kAnna), ElementsAre(kRoot));
  EXPECT_THAT(arrived.cancelled(kCleo), ElementsAre(kRoot));  // it would send it later
  EXPECT_THAT(arrived.cancelled(kBert), IsEmpty());
}

TEST(BitswapClient, DoesNotBroadcastWhatAMemberOfTheSessionMayHave) {
  ClientBench bench;
  for (const PeerId& peer : {kAnna, kBert, kCleo}) bench.connect(peer);
  bench.open();
  bench.want({kRoot});
  bench.arrive(kBert, {kRoot});
  const Actions asked = bench.want(test_cids(1, 8));
  EXPECT_THAT(asked.blocks_asked(kBert), ElementsAreArray(test_cids(1, 8)));
  EXPECT_THAT(asked.of<SendWants>(), SizeIs(1));
}

TEST(BitswapClient, ProbesWithAFewWantsWhileNobodyIsKnownToHaveAny) {
  ClientBench bench;
  for (const PeerId& peer : {kAnna, kBert, kCleo}) bench.connect(peer);
  bench.open();
  const Actions asked = bench.want(test_cids(0, 10'000));
  size_t entries = 0;
  for (const SendWants& message : asked.of<SendWants>()) entries += message.wants.size();
  EXPECT_LE(entries, 3 * 16U);
}

TEST(BitswapClient, GoesToThePeerThatSaidItHas) {
  ClientBench bench;
  for (const PeerId& peer : {kAnna, kBert}) bench.connect(peer);
  bench.open();
  const Actions asked = bench.want({kRoot});
  const PeerId first = asked.blocks_asked(kAnna).empty() ? kBert : kAnna;
  const PeerId second = first == kAnna ? kBert : kAnna;
  EXPECT_THAT(bench.say(second, kRoot, Presence::kHave).of<SendWants>(), IsEmpty());
  const Actions moved = bench.say(first, kRoot, Presence::kDontHave);
  EXPECT_THAT(moved.blocks_asked(second), ElementsAre(kRoot));
}

TEST(BitswapClient, MovesAWantFromAMemberThatHasItNotAndHedges) {
  ClientBench bench;
  for (const PeerId& peer : {kAnna, kBert, kCleo}) bench.connect(peer);
  bench.open({kAnna, kBert, kCleo});
  const Actions asked = bench.want({kRoot});
  ASSERT_THAT(asked.blocks_asked(kAnna), ElementsAre(kRoot));
  const Actions moved = bench.say(kAnna, kRoot, Presence::kDontHave);
  EXPECT_THAT(moved.blocks_asked(kBert), ElementsAre(kRoot));
  EXPECT_THAT(moved.presences_asked(kCleo), ElementsAre(kRoot));
}

TEST(BitswapClient, AsksAnotherWhenTheFirstIsSilent) {
  ClientBench bench;
  for (const PeerId& peer : {kAnna, kBert}) bench.connect(peer);
  bench.open({kAnna, kBert});
  ASSERT_THAT(bench.want({kRoot}).blocks_asked(kAnna), ElementsAre(kRoot));
  const Actions later = bench.run_until(bench.now_ns + kSecond);
  EXPECT_THAT(later.blocks_asked(kBert), ElementsAre(kRoot));
  EXPECT_THAT(later.cancelled(kAnna), IsEmpty());  // it may still send it
  const Actions arrived = bench.arrive(kAnna, {kRoot});
  EXPECT_THAT(arrived.of<Accept>(), SizeIs(1));
  EXPECT_THAT(arrived.cancelled(kBert), ElementsAre(kRoot));
}

TEST(BitswapClient, FillsThePipelineOfOnePeerInOneGo) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.open();
  bench.want({kRoot});
  bench.arrive(kAnna, {kRoot}, 100);
  bench.want({test_cid(1)});
  bench.arrive(kAnna, {test_cid(1)}, 4096);
  const Actions asked = bench.want(test_cids(2, 5002));
  EXPECT_THAT(asked.blocks_asked(kAnna), SizeIs(1024));
  for (const SendWants& message : asked.of<SendWants>()) EXPECT_LE(message.wants.size(), 512U);
}

TEST(BitswapClient, NeverStopsAPeerThatHasMoreToSend) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.open();
  std::deque<Cid> asked;
  const auto note = [&](const Actions& actions) {
    for (const Cid& cid : actions.blocks_asked(kAnna)) asked.push_back(cid);
    return actions.of<SendWants>().size();
  };
  size_t messages = note(bench.want(test_cids(0, 5000)));
  size_t arrived = 0;
  while (!asked.empty()) {
    const Cid cid = asked.front();
    asked.pop_front();
    ++arrived;
    bench.now_ns += kMs / 10;
    messages += note(bench.arrive(kAnna, {cid}, 4096));
    // Until the end is near, the peer always has something to go on with.
    const bool well_under_way = arrived > 50 && arrived < 4300;
    ASSERT_TRUE(!well_under_way || asked.size() >= 40U) << arrived;
  }
  EXPECT_EQ(arrived, 5000U);
  EXPECT_LE(messages, 100U);
}

TEST(BitswapClient, BoundsTheBytesThatWaitAtOnePeer) {
  ClientBench bench(ClientLimits{.peer_bytes_max = 4U << 20});
  bench.connect(kAnna);
  bench.open();
  bench.want({test_cid(0)});
  bench.arrive(kAnna, {test_cid(0)}, 1U << 20);
  EXPECT_THAT(bench.want(test_cids(1, 100)).blocks_asked(kAnna), SizeIs(4));
}

TEST(BitswapClient, SplitsWantsByRate) {
  ClientBench bench;
  for (const PeerId& peer : {kAnna, kBert}) bench.connect(peer);
  bench.open({kAnna, kBert});
  // Anna sends 40 MB/s, Bert 10 MB/s.
  std::map<PeerId, std::deque<Cid>> queues;
  std::map<PeerId, uint64_t> counts;
  const auto note = [&](const Actions& actions) {
    for (const PeerId& peer : {kAnna, kBert}) {
      for (const Cid& cid : actions.cancelled(peer)) std::erase(queues[peer], cid);
      for (const Cid& cid : actions.blocks_asked(peer)) queues[peer].push_back(cid);
    }
  };
  note(bench.want(test_cids(0, 1000)));
  const auto send = [&](const PeerId& peer) {
    if (queues[peer].empty()) return;
    const Cid cid = queues[peer].front();
    queues[peer].pop_front();
    ++counts[peer];
    note(bench.arrive(peer, {cid}, 100'000));
  };
  uint64_t ticks = 0;
  for (; bench.client.wantlist().size() > 0 && ticks < 10'000; ++ticks) {
    bench.now_ns += 5 * kMs / 2;
    send(kAnna);
    if (ticks % 4 == 3) send(kBert);
  }
  EXPECT_GE(counts[kAnna], 760U);
  EXPECT_LE(counts[kAnna], 840U);
  EXPECT_EQ(counts[kAnna] + counts[kBert], 1000U);
  EXPECT_LE(ticks, 840U);  // 800 if both were busy to the end
}

TEST(BitswapClient, AsksOldPeersOneWantAtATimeUntilTheyHaveSentSomething) {
  ClientBench bench;
  bench.connect(kAnna, Version::k110);
  bench.open();
  const Actions asked = bench.want(test_cids(0, 10));
  EXPECT_THAT(asked.blocks_asked(kAnna), SizeIs(1));
  EXPECT_THAT(asked.presences_asked(kAnna), IsEmpty());
  EXPECT_FALSE(asked.of<SendWants>()[0].wants[0].send_dont_have);
  EXPECT_THAT(bench.arrive(kAnna, asked.blocks_asked(kAnna)).blocks_asked(kAnna), SizeIs(9));
}

TEST(BitswapClient, AsksOldPeersOneAfterTheOther) {
  ClientBench bench;
  bench.connect(kAnna, Version::k110);
  bench.connect(kBert, Version::k110);
  bench.open();
  const Actions first = bench.want({kRoot});
  const size_t anna = first.blocks_asked(kAnna).size();
  EXPECT_EQ(anna + first.blocks_asked(kBert).size(), 1U);
  const Actions second = bench.run_until(bench.now_ns + 2 * kSecond);
  EXPECT_THAT(second.blocks_asked(anna == 1 ? kBert : kAnna), ElementsAre(kRoot));
}

TEST(BitswapClient, AsksPeersOfTheFirstVersionOnlyForWhatTheyCanName) {
  ClientBench bench;
  bench.connect(kAnna, Version::k100);
  bench.open();
  EXPECT_THAT(bench.want({test_cid(1, Codec::kDagPb)}).of<SendWants>(), IsEmpty());
  const Cid old = *test_cid(2, Codec::kDagPb).as_v0();
  EXPECT_THAT(bench.want({old}).blocks_asked(kAnna), ElementsAre(old));
}

TEST(BitswapClient, ServesSessionsInTurnsWhenAPeerIsFull) {
  ClientBench bench(ClientLimits{.peer_wants_max = 64});
  bench.connect(kAnna);
  bench.open({}, SessionId{1});
  bench.open({}, SessionId{2});
  std::deque<Cid> queue;
  const auto note = [&](const Actions& actions) {
    for (const Cid& cid : actions.blocks_asked(kAnna)) queue.push_back(cid);
  };
  note(bench.want(test_cids(0, 2000), SessionId{1}));
  note(bench.want(test_cids(10'000, 12'000), SessionId{2}));
  std::map<SessionId, int> counts;
  for (int i = 0; i < 1000; ++i) {
    const Cid cid = queue.front();
    queue.pop_front();
    const Actions arrived = bench.arrive(kAnna, {cid});
    ++counts[arrived.of<Accept>()[0].sessions[0]];
    note(arrived);
  }
  EXPECT_GE(counts[SessionId{1}], 400);
  EXPECT_GE(counts[SessionId{2}], 400);
}

TEST(BitswapClient, AsksOnceForWhatTwoSessionsWant) {
  ClientBench bench;
  bench.connect(kAnna);
  EXPECT_THAT(bench.want({kRoot}, SessionId{1}).of<SendWants>(), SizeIs(1));
  EXPECT_THAT(bench.want({kRoot}, SessionId{2}).of<SendWants>(), IsEmpty());
  EXPECT_THAT(bench.arrive(kAnna, {kRoot}).of<Accept>()[0].sessions,
              ElementsAre(SessionId{1}, SessionId{2}));
}

TEST(BitswapClient, CancelsWhenTheLastSessionIsClosed) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.want({kRoot}, SessionId{1});
  bench.want({kRoot}, SessionId{2});
  EXPECT_THAT(bench.step(CloseSession{SessionId{1}}).of<SendWants>(), IsEmpty());
  EXPECT_TRUE(bench.client.wants(kRoot));
  EXPECT_THAT(bench.step(CloseSession{SessionId{2}}).cancelled(kAnna), ElementsAre(kRoot));
  EXPECT_FALSE(bench.client.wants(kRoot));
  EXPECT_EQ(bench.client.next_tick_ns(), UINT64_MAX);
}

TEST(BitswapClient, DropsSingleWants) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.want(test_cids(0, 3));
  const Actions dropped = bench.step(DropWants{SessionId{1}, {test_cid(1)}});
  EXPECT_THAT(dropped.cancelled(kAnna), ElementsAre(test_cid(1)));
  EXPECT_THAT(bench.client.wantlist(), SizeIs(2));
}

TEST(BitswapClient, CancelsWhatCameAnotherWay) {
  ClientBench bench;
  bench.connect(kAnna);
  bench.want({kRoot});
  const Actions stored = bench.step(BlockStored{kRoot});
  EXPECT_THAT(stored.cancelled(kAnna), ElementsAre(kRoot));
  EXPECT_THAT(stored.of<Accept>(), IsEmpty());
  EXPECT_FALSE(bench.client.wants(kRoot));
}

TEST(BitswapClient, AsksInTheOrderInWhichBlocksAreNeeded) {
  ClientBench bench;
  bench.connect(kAnna);
  const Actions asked = bench.want(test_cids(0, 8));
  int32_t last = INT32_MAX;
  const SendWants message = asked.of<SendWants>()[0];
  for (const bitswap::Want& want : message.wants) {
    EXPECT_LE(want.priority, last);
    last = want.priority;
  }
  EXPECT_THAT(asked.blocks_asked(kAnna), ElementsAreArray(test_cids(0, 8)));
}

}  // namespace
}  // namespace timerose::bitswap
