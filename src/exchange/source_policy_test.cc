#include "exchange/source_policy.h"

#include <gmock/gmock.h>

#include <map>

namespace timerose::exchange {
namespace {

using bitswap::SessionId;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint64_t kMs = 1'000'000;
constexpr SessionId kPolicySession{1};
constexpr BitswapPace kNoBitswap{};

Cid cid_of(int number) {
  return Cid::of_sha256(Codec::kRaw, as_bytes("block " + std::to_string(number)));
}

std::vector<Cid> cids(int count) {
  std::vector<Cid> all;
  for (int i = 0; i < count; ++i) all.push_back(cid_of(i));
  return all;
}

class SourcePolicyTest : public ::testing::Test {
 protected:
  std::vector<Cid> offer(int count, BitswapPace bitswap = kNoBitswap) {
    return policy_.offer(now_, kPolicySession, cids(count), bitswap);
  }

  std::vector<AskGateway> asks() {
    std::vector<AskGateway> asks;
    for (const SourceAction& action : policy_.take_actions(now_)) {
      if (const auto* ask = std::get_if<AskGateway>(&action)) asks.push_back(*ask);
      if (const auto* gone = std::get_if<GiveUpWant>(&action)) given_up_.push_back(*gone);
      if (const auto* cancel = std::get_if<CancelRequest>(&action)) cancelled_.push_back(*cancel);
    }
    return asks;
  }

  void came(const AskGateway& ask, const Came& what) { policy_.came(now_, ask.request, what); }

  // Measures a gateway by a block of 256 KiB that took `duration_ms`.
  void measure(GatewayId gateway, uint64_t duration_ms) {
    const SessionId own{static_cast<uint64_t>(gateway) + 1000};
    const Cid cid = cid_of(1'000'000 + static_cast<int>(gateway));
    for (int i = 0; i < 20; ++i) {  // until it is this gateway's turn
      const auto ask = policy_.offer_dag(now_, own, cid);
      ASSERT_TRUE(ask.has_value());
      if (ask->gateway != gateway) {
        came(*ask, NotThere{"no"});
        continue;
      }
      came(*ask, GotBlock{256 << 10, kMs, duration_ms * kMs});
      break;
    }
    policy_.close(own);
  }

  SourceStat stat_of(const std::string& name) {
    for (const SourceStat& stat : policy_.stat(now_)) {
      if (stat.name == name) return stat;
    }
    return {};
  }

  SourcePolicy policy_;
  uint64_t now_ = 1000 * kMs;
  std::vector<GiveUpWant> given_up_;
  std::vector<CancelRequest> cancelled_;
};

TEST_F(SourcePolicyTest, TakesNothingWithoutGateways) {
  EXPECT_THAT(offer(10), IsEmpty());
  EXPECT_EQ(policy_.offer_dag(now_, kPolicySession, cid_of(1)), std::nullopt);
}

// Until it is known what a gateway does, Bitswap is asked too.
TEST_F(SourcePolicyTest, ProbesAGatewayBeforeItTrustsItAlone) {
  policy_.add_gateway("a");
  EXPECT_THAT(offer(100), IsEmpty());
  auto asked = asks();
  EXPECT_THAT(asked, SizeIs(2));
  came(asked[0], GotBlock{1000, kMs, 2 * kMs});
  EXPECT_THAT(asks(), IsEmpty());
  EXPECT_THAT(offer(100), SizeIs(99));
  EXPECT_THAT(asks(), SizeIs(7));  // eight under way
  EXPECT_EQ(stat_of("a").waiting, 8);
}

TEST_F(SourcePolicyTest, RisksOnlyProbesBesideBitswapBeforeItHasMeasured) {
  policy_.add_gateway("a");
  EXPECT_THAT(offer(100, {.peers = 3, .bytes_per_second = 1'000'000}), IsEmpty());
  EXPECT_THAT(asks(), SizeIs(2));
}

TEST_F(SourcePolicyTest, AsksAGatewayThatLacksAllOfASessionNoMore) {
  measure(policy_.add_gateway("a"), 1);
  offer(100);
  int asked = 0;
  for (auto round = asks(); !round.empty(); round = asks()) {
    asked += static_cast<int>(round.size());
    for (const AskGateway& ask : round) came(ask, NotThere{"no"});
  }
  EXPECT_EQ(asked, 16);
  EXPECT_THAT(given_up_, SizeIs(100));
  EXPECT_THAT(offer(200), IsEmpty());
  EXPECT_THAT(policy_.offer(now_, SessionId{2}, cids(1), kNoBitswap), SizeIs(1));
}

TEST_F(SourcePolicyTest, TakesTheShareThatItFinishesInTheSameTime) {
  measure(policy_.add_gateway("a"), 262);  // about 1 MB/s
  const auto third = offer(9, {.peers = 1, .bytes_per_second = 2'000'000});
  EXPECT_THAT(third, SizeIs(3));
  EXPECT_EQ(third[0], cid_of(2));  // spread over the wants, not its first part
  EXPECT_EQ(third[1], cid_of(5));
}

TEST_F(SourcePolicyTest, TakesHalfOfWhatBitswapBringsAtAnUnknownRate) {
  measure(policy_.add_gateway("a"), 262);
  EXPECT_THAT(offer(10, {.peers = 1}), SizeIs(5));
}

TEST_F(SourcePolicyTest, TakesNoMoreBesideBitswapThanKeepsGatewaysBusy) {
  measure(policy_.add_gateway("a"), 1);
  EXPECT_THAT(offer(1000, {.peers = 1, .bytes_per_second = 1}), SizeIs(16));
}

TEST_F(SourcePolicyTest, TakesNoMoreThanItsQueueHolds) {
  measure(policy_.add_gateway("a"), 1);
  EXPECT_THAT(offer(1000), SizeIs(SourceLimits().wants_queued_max + 8));
}

TEST_F(SourcePolicyTest, AsksTheFasterGatewayForMore) {
  const GatewayId slow = policy_.add_gateway("slow");
  const GatewayId fast = policy_.add_gateway("fast");
  measure(slow, 1000);
  measure(fast, 100);
  offer(5);
  std::map<GatewayId, int> counts;
  for (const AskGateway& ask : asks()) ++counts[ask.gateway];
  EXPECT_EQ(counts[fast], 5);
  policy_.close(kPolicySession);
  (void)asks();
  offer(12);
  counts.clear();
  for (const AskGateway& ask : asks()) ++counts[ask.gateway];
  EXPECT_EQ(counts[fast], 8);  // all it takes
  EXPECT_EQ(counts[slow], 4);
}

TEST_F(SourcePolicyTest, AsksTheNextGatewayForWhatOneLacksThenGivesUp) {
  policy_.add_gateway("https://a");
  policy_.add_gateway("https://b");
  offer(1);
  const auto first = asks();
  ASSERT_THAT(first, SizeIs(1));
  came(first[0], NotThere{"does not have it"});
  const auto second = asks();
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_NE(second[0].gateway, first[0].gateway);
  came(second[0], Failed{"no reply"});
  EXPECT_THAT(asks(), IsEmpty());
  ASSERT_THAT(given_up_, SizeIs(1));
  EXPECT_THAT(given_up_[0].why, HasSubstr("https://a: does not have it"));
  EXPECT_THAT(given_up_[0].why, HasSubstr("https://b: no reply"));
}

TEST_F(SourcePolicyTest, DoesNotTakeAgainWhatAllLack) {
  policy_.add_gateway("a");
  offer(1);
  came(asks().at(0), NotThere{"no"});
  EXPECT_THAT(asks(), IsEmpty());
  EXPECT_THAT(offer(1), IsEmpty());
  EXPECT_EQ(stat_of("a").missing, 1);
}

TEST_F(SourcePolicyTest, AvoidsAGatewayThatSendsWrongBytes) {
  policy_.add_gateway("a");
  offer(1);
  came(asks().at(0), WrongBytes{"other bytes"});
  EXPECT_THAT(asks(), IsEmpty());
  EXPECT_THAT(given_up_, SizeIs(1));
  EXPECT_EQ(stat_of("a").bad_blocks, 1);
  EXPECT_TRUE(stat_of("a").avoided);
  offer(5);
  EXPECT_THAT(asks(), IsEmpty());
  now_ += SourceLimits().avoid_ns;
  EXPECT_FALSE(stat_of("a").avoided);
  offer(5);
  EXPECT_THAT(asks(), SizeIs(2));
}

TEST_F(SourcePolicyTest, LeavesAFailingGatewayAloneForLongerEachTime) {
  policy_.add_gateway("a");
  uint64_t pause = SourceLimits().back_off_min_ns;
  for (int i = 0; i < 12; ++i) {
    offer(1);
    const auto asked = asks();
    ASSERT_THAT(asked, SizeIs(1)) << i;
    came(asked[0], Failed{"no reply"});
    (void)asks();
    now_ += std::min(pause, SourceLimits().back_off_max_ns) - 1;
    offer(1);
    EXPECT_THAT(asks(), IsEmpty());
    now_ += 1;
    pause *= 2;
  }
  EXPECT_EQ(stat_of("a").failures, 12);
}

TEST_F(SourcePolicyTest, TakesFailuresAtTheSameTimeForOne) {
  policy_.add_gateway("a");
  offer(2);
  for (const AskGateway& ask : asks()) came(ask, Failed{"no reply"});
  now_ += SourceLimits().back_off_min_ns;
  EXPECT_FALSE(stat_of("a").avoided);
}

TEST_F(SourcePolicyTest, WaitsAsLongAsABusyGatewaySays) {
  policy_.add_gateway("a");
  offer(1);
  came(asks().at(0), TooBusy{30'000 * kMs});
  (void)asks();
  now_ += 29'999 * kMs;
  offer(1);
  EXPECT_THAT(asks(), IsEmpty());
  now_ += kMs;
  offer(1);
  EXPECT_THAT(asks(), SizeIs(1));
  EXPECT_EQ(stat_of("a").failures, 0);
}

TEST_F(SourcePolicyTest, AsksProvidersForTheirSessionOnly) {
  policy_.add_provider(kPolicySession, "provider");
  offer(1);
  EXPECT_THAT(asks(), SizeIs(1));
  policy_.offer(now_, SessionId{2}, cids(1), kNoBitswap);
  EXPECT_THAT(asks(), IsEmpty());
  EXPECT_FALSE(stat_of("provider").configured);
}

TEST_F(SourcePolicyTest, ForgetsProvidersThatNobodyNeeds) {
  for (uint64_t session = 1; session <= 1000; ++session) {
    policy_.add_provider(SessionId{session}, "provider " + std::to_string(session));
    policy_.close(SessionId{session});
  }
  EXPECT_THAT(policy_.stat(now_), SizeIs(SourceLimits().gateways_max));
  for (uint64_t session = 2000; session < 3000; ++session) {  // all of them needed
    policy_.add_provider(SessionId{session}, "needed " + std::to_string(session));
  }
  EXPECT_THAT(policy_.stat(now_), SizeIs(SourceLimits().gateways_max));
}

TEST_F(SourcePolicyTest, CancelsWhatIsDropped) {
  measure(policy_.add_gateway("a"), 1);
  offer(9);
  ASSERT_THAT(asks(), SizeIs(8));
  policy_.drop(kPolicySession, cids(1));
  const auto next = asks();
  EXPECT_THAT(cancelled_, SizeIs(1));
  ASSERT_THAT(next, SizeIs(1));  // the ninth takes its place
  EXPECT_EQ(next[0].cid, cid_of(8));
  policy_.close(kPolicySession);
  EXPECT_THAT(asks(), IsEmpty());
  EXPECT_THAT(cancelled_, SizeIs(9));
  EXPECT_EQ(stat_of("a").waiting, 0);
}

TEST_F(SourcePolicyTest, PassesOverRepliesToWhatWasCancelled) {
  policy_.add_gateway("a");
  offer(1);
  const auto asked = asks();
  policy_.close(kPolicySession);
  came(asked.at(0), GotBlock{1, 1, 1});
  EXPECT_THAT(asks(), IsEmpty());
}

TEST_F(SourcePolicyTest, TakesAWantOnceHoweverOftenItIsOffered) {
  measure(policy_.add_gateway("a"), 1);
  EXPECT_THAT(offer(1), SizeIs(1));
  EXPECT_THAT(offer(1), SizeIs(1));
  EXPECT_THAT(asks(), SizeIs(1));
}

TEST_F(SourcePolicyTest, CountsBlocksAndBytes) {
  policy_.add_gateway("a");
  offer(1);
  came(asks().at(0), GotBlock{1000, kMs, 2 * kMs});
  const auto dag = policy_.offer_dag(now_, kPolicySession, cid_of(7));
  policy_.brought(dag->request, 500);
  EXPECT_EQ(stat_of("a").blocks, 2);
  EXPECT_EQ(stat_of("a").bytes, 1500);
  EXPECT_EQ(stat_of("a").latency_ns, kMs);
  EXPECT_EQ(stat_of("a").bytes_per_second, 500'000);
}

}  // namespace
}  // namespace timerose::exchange
