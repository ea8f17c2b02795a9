#include "scheduler/execute/requester_side_testing.h"

namespace timerose::scheduler::execute {
namespace {

using namespace requester_testing;

TEST_F(RequesterSideTest, OffersOverALinkThatItOpens) {
  ask(1);
  EXPECT_EQ(all<OpenLink>().size(), 1U);
  ask(2);
  EXPECT_TRUE(all<OpenLink>().empty());
  step(LinkReady{x_});
  EXPECT_EQ(said<Offer>().size(), 2U);
  ask(3);
  ASSERT_EQ(said<Offer>().size(), 1U);
  EXPECT_EQ(said<Offer>()[0].lease_ms, RequesterLimits().lease_ms);
}

TEST_F(RequesterSideTest, TellsTheResultAndAcknowledgesIt) {
  ask_over_a_link(1);
  hear(Finish{1, false, {9}, {}, {}});
  ASSERT_EQ(told<Finish>().size(), 1U);
  EXPECT_EQ(told<Finish>()[0].outcome, Bytes{9});
  pass(60 * kMs);
  ASSERT_EQ(said<Acknowledge>().size(), 1U);
  EXPECT_EQ(said<Acknowledge>()[0].calls, std::vector<CallNumber>{1});
  hear(Finish{1, false, {8}, {}, {}});
  EXPECT_TRUE(actions_.empty()) << "answered once";
}

TEST_F(RequesterSideTest, AcknowledgesManyTogether) {
  step(Ask{x_, Offer{}});
  step(LinkReady{x_});
  size_t acknowledgements = 0;
  for (CallNumber call = 1; call <= 1000; ++call) {
    ask(call);
    hear(Finish{call, false, {9}, {}, {}});
    acknowledgements += said<Acknowledge>().size();
  }
  EXPECT_LE(acknowledgements, 20U);
}

TEST_F(RequesterSideTest, TellsRefusalsAndFailures) {
  ask_over_a_link(1);
  ask_over_a_link(2);
  hear(Refuse{1, RefuseReason::kStranger, "no"});
  EXPECT_EQ(told<Refuse>().size(), 1U);
  hear(Failure{2, FailureKind::kFuel, "more"});
  EXPECT_EQ(told<Failure>().size(), 1U);
  EXPECT_EQ(side_.calls(), 0U);
}

TEST_F(RequesterSideTest, PassesLogsOn) {
  ask_over_a_link(1);
  hear(Log{1, Written::kStdout, 5, {'x'}});
  ASSERT_EQ(told<Log>().size(), 1U);
  EXPECT_EQ(told<Log>()[0].position, 5U);
  hear(Log{2, Written::kStdout, 5, {'x'}});
  EXPECT_TRUE(actions_.empty()) << "of no call";
}

TEST_F(RequesterSideTest, OffersAgainWhenABusyExecutorSaidSo) {
  ask_over_a_link(1);
  hear(Busy{1, 300, 9, "full"});
  EXPECT_TRUE(actions_.empty());
  pass(200 * kMs);
  EXPECT_TRUE(said<Offer>().empty());
  pass(200 * kMs);
  EXPECT_EQ(said<Offer>().size(), 1U);
}

TEST_F(RequesterSideTest, SaysAtOnceThatAnExecutorIsBusyToWhoCanGoElsewhere) {
  Offer offer;
  offer.call = 1;
  step(Ask{x_, offer, Patience::kNone});
  step(LinkReady{x_});
  hear(Busy{1, 300, 9, "full"});
  ASSERT_EQ(told<Busy>().size(), 1U);
  EXPECT_EQ(told<Busy>()[0].retry_ms, 300U);
}

TEST_F(RequesterSideTest, LosesPatienceWithABusyExecutor) {
  ask_over_a_link(1);
  for (int i = 0; i < 1000 && side_.calls() > 0; ++i) {
    hear(Busy{1, 1000, 9, "full"});
    if (side_.calls() > 0) pass(1100 * kMs);
  }
  ASSERT_EQ(told<Busy>().size(), 1U);
  EXPECT_EQ(told<Busy>()[0].message, "full");
  EXPECT_LE(now_ns_, 1032 * kSecond);
}

TEST_F(RequesterSideTest, DoesNotWaitAsLongAsAnExecutorLikes) {
  ask_over_a_link(1);
  hear(Busy{1, kMillisecondsMax, 9, "full"});
  pass_with_heartbeats(10 * kSecond);
  EXPECT_EQ(said<Offer>().size(), 1U);
}

TEST_F(RequesterSideTest, PassesOnNoControlCharacterOfAMessage) {
  ask_over_a_link(1);
  hear(Refuse{1, RefuseReason::kLimit, "\x1b[2Jfull"});
  ASSERT_EQ(told<Refuse>().size(), 1U);
  EXPECT_EQ(told<Refuse>()[0].message, "?[2Jfull");
}

TEST_F(RequesterSideTest, EndsACallAtItsDeadlineAndCancelsIt) {
  ask_over_a_link(1, 500);
  pass(600 * kMs);
  ASSERT_EQ(told<Failure>().size(), 1U);
  EXPECT_EQ(told<Failure>()[0].kind, FailureKind::kDeadline);
  EXPECT_EQ(said<Cancel>().size(), 1U);
}

TEST_F(RequesterSideTest, AtTheDeadlineTheExecutorMaySayHowFarItCame) {
  ask_over_a_link(1, 500);
  pass(555 * kMs);
  EXPECT_TRUE(told<Failure>().empty());
  hear(Failure{1, FailureKind::kDeadline, "the deadline has passed while it waited to run"});
  ASSERT_EQ(told<Failure>().size(), 1U);
  EXPECT_NE(told<Failure>()[0].message.find("waited to run"), std::string::npos);
  pass(600 * kMs);
  EXPECT_TRUE(said<Cancel>().empty());
}

TEST_F(RequesterSideTest, SaysAtTheDeadlineThatTheExecutorWasBusy) {
  ask_over_a_link(1, 500);
  hear(Busy{1, 5000, 9, "full"});
  pass(600 * kMs);
  ASSERT_EQ(told<Failure>().size(), 1U);
  EXPECT_NE(told<Failure>()[0].message.find("full"), std::string::npos);
  EXPECT_TRUE(said<Cancel>().empty());
}

TEST_F(RequesterSideTest, CancelsWhatIsGivenUp) {
  ask_over_a_link(1);
  step(GiveUp{1});
  EXPECT_EQ(said<Cancel>().size(), 1U);
  ASSERT_EQ(told<Failure>().size(), 1U);
  EXPECT_EQ(told<Failure>()[0].kind, FailureKind::kCancelled);
  step(GiveUp{1});
  EXPECT_TRUE(actions_.empty());
}

TEST_F(RequesterSideTest, OffersAgainOverANewLinkWithinTheLease) {
  ask_over_a_link(1);
  hear(Accept{1, 5000, 0});
  EXPECT_EQ(told<Accept>().size(), 1U);
  step(LinkLost{x_, "reset", false});
  EXPECT_TRUE(actions_.empty());
  pass(300 * kMs);
  EXPECT_EQ(all<OpenLink>().size(), 1U);
  step(LinkReady{x_});
  ASSERT_EQ(said<Offer>().size(), 1U);
  EXPECT_EQ(said<Offer>()[0].call, 1U);
  hear(Finish{1, false, {9}, {}, {}});
  EXPECT_EQ(told<Finish>().size(), 1U);
}

TEST_F(RequesterSideTest, LosesAnExecutorThatCannotBeReachedWithinTheLeaseAndASecond) {
  ask_over_a_link(1);
  step(LinkLost{x_, "connection reset", false});
  const uint64_t lost_ns = now_ns_;
  while (side_.calls() > 0) {
    pass(50 * kMs);
    if (!all<OpenLink>().empty()) step(LinkLost{x_, "connection refused", false});
    ASSERT_LT(now_ns_, lost_ns + 6 * kSecond);
  }
  ASSERT_EQ(told<Lost>().size(), 1U);
  EXPECT_NE(told<Lost>()[0].message.find("connection refused"), std::string::npos);
  EXPECT_TRUE(told<Lost>()[0].ended) << "its process, it seems";
  EXPECT_GE(now_ns_, lost_ns + 5 * kSecond);
}

TEST_F(RequesterSideTest, LosesAnExecutorThatAcceptsAndSaysNothingMore) {
  ask_over_a_link(1);
  hear(Accept{1, 5000, 0});
  pass(5100 * kMs);
  ASSERT_EQ(told<Lost>().size(), 1U);
  EXPECT_FALSE(told<Lost>()[0].ended) << "it may be at work, beyond a link that is cut";
  EXPECT_EQ(all<EndLink>().size(), 1U);
}

TEST_F(RequesterSideTest, WaitsForAnExecutorThatLives) {
  ask_over_a_link(1);
  pass_with_heartbeats(60 * kSecond);
  EXPECT_TRUE(told<Lost>().empty());
  EXPECT_GE(said<Heartbeat>().size(), 30U) << "and lives itself";
}

TEST_F(RequesterSideTest, LosesAtOnceAPeerThatDoesNotSpeakTheProtocol) {
  ask(1);
  step(LinkLost{x_, "it speaks none", true});
  EXPECT_EQ(told<Lost>().size(), 1U);
}

TEST_F(RequesterSideTest, DoesNotTakeTheAnswerOfAnotherPeer) {
  ask_over_a_link(1);
  step(Ask{y_, numbered(2)});
  step(LinkReady{y_});
  step(Heard{y_, Finish{1, false, {9}, {}, {}}});
  EXPECT_TRUE(all<Told>().empty());
  step(Heard{y_, Refuse{1, RefuseReason::kLimit, ""}});
  step(Heard{y_, Log{1, Written::kStdout, 0, {'x'}}});
  step(Heard{y_, Busy{1, 1, 1, ""}});
  EXPECT_TRUE(all<Told>().empty());
  hear(Finish{1, false, {9}, {}, {}});
  EXPECT_EQ(told<Finish>().size(), 1U);
}

TEST_F(RequesterSideTest, EndsALinkWhosePeerSpeaksLikeARequester) {
  ask_over_a_link(1);
  hear(Offer{});
  EXPECT_EQ(all<EndLink>().size(), 1U);
}

TEST_F(RequesterSideTest, LosesAnExecutorThatSpeaksAndEndsItsStreamsAgainAndAgain) {
  ask_over_a_link(1);
  uint32_t links = 1;
  while (links < 1000) {
    hear(Heartbeat{});
    step(LinkLost{x_, "the peer closed the stream"});
    if (!told<Lost>().empty()) break;
    pass(300 * kMs);
    ASSERT_EQ(all<OpenLink>().size(), 1U);
    step(LinkReady{x_});
    ++links;
  }
  EXPECT_EQ(links, RequesterLimits().short_links_max);
}

TEST_F(RequesterSideTest, KeepsAnExecutorWhoseLinksAreLostNowAndThen) {
  ask_over_a_link(1);
  for (uint32_t links = 0; links < 2 * RequesterLimits().short_links_max; ++links) {
    for (int i = 0; i < 3; ++i) {
      pass(2 * kSecond);
      hear(Heartbeat{});
    }
    step(LinkLost{x_, "reset"});
    EXPECT_TRUE(told<Lost>().empty());
    pass(300 * kMs);
    step(LinkReady{x_});
  }
}

TEST_F(RequesterSideTest, LosesAnExecutorThatTakesStreamsAndEndsThem) {
  ask_over_a_link(1);
  step(LinkLost{x_, "the peer closed the stream"});
  size_t links = 0;
  for (uint64_t passed = 0; passed < 5 * kSecond; passed += 100 * kMs) {
    if (!all<OpenLink>().empty()) {
      ++links;
      step(LinkReady{x_});
      step(LinkLost{x_, "the peer closed the stream"});
    }
    pass(100 * kMs);
    if (!told<Lost>().empty()) break;
  }
  EXPECT_GT(links, 3U);
  ASSERT_EQ(told<Lost>().size(), 1U);
  EXPECT_EQ(side_.calls(), 0U);
}

TEST_F(RequesterSideTest, PassesOverLogsBeyondWhatACallMayWrite) {
  ask_over_a_link(1);
  Log log;
  log.call = 1;
  log.bytes.resize(kLogPieceBytesMax);
  uint64_t bytes = 0;
  for (int i = 0; i < 1000; ++i) {
    hear(log);
    for (const Log& passed_on : told<Log>()) bytes += passed_on.bytes.size();
  }
  EXPECT_EQ(bytes, RequesterLimits().log_bytes_of_call_max);
}

TEST_F(RequesterSideTest, HoldsToItsLimitOfCalls) {
  RequesterLimits limits;
  limits.calls_max = 2;
  RequesterSide side(limits);
  for (CallNumber call = 1; call <= 2; ++call) side.step(now_ns_, Ask{x_, numbered(call)});
  actions_ = side.step(now_ns_, Ask{x_, numbered(3)});
  EXPECT_EQ(told<Busy>().size(), 1U);
  EXPECT_EQ(side.calls(), 2U);
}

TEST_F(RequesterSideTest, LooksAtTheTimeOnlyWhileThereIsSomethingToLookFor) {
  EXPECT_EQ(side_.next_tick_ns(), UINT64_MAX);
  ask_over_a_link(1);
  EXPECT_NE(side_.next_tick_ns(), UINT64_MAX);
  hear(Finish{1, false, {9}, {}, {}});
  pass(kSecond);
  EXPECT_EQ(side_.next_tick_ns(), UINT64_MAX);
}

// Whatever happens, each call is answered once.
TEST_F(RequesterSideTest, AnswersEachCallOnceInAnyOrderOfEvents) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SeededRandom random(seed);
    RequesterSide side{RequesterLimits()};
    std::map<CallNumber, int> answers;
    CallNumber asked = 0;
    const auto take = [&](RequesterEvent event) {
      for (const RequesterAction& action : side.step(now_ns_, std::move(event))) {
        const auto* told = std::get_if<Told>(&action);
        if (told == nullptr || std::holds_alternative<Accept>(told->update) ||
            std::holds_alternative<Log>(told->update)) {
          continue;
        }
        ++answers[told->call];
      }
    };
    for (int i = 0; i < 200; ++i) {
      const CallNumber call = asked == 0 ? 0 : random.next() % asked + 1;
      switch (random.next() % 10) {
        case 0:
        case 1:
          take(Ask{random.next() % 2 == 0 ? x_ : y_, numbered(++asked, random.next() % 2 * 3000)});
          break;
        case 2:
          take(LinkReady{x_});
          break;
        case 3:
          take(LinkLost{x_, "", random.next() % 8 == 0});
          break;
        case 4:
          take(Heard{x_, Finish{call, false, {9}, {}, {}}});
          break;
        case 5:
          take(Heard{x_, Busy{call, 100, 1, ""}});
          break;
        case 6:
          take(Heard{x_, Accept{call, 5000, 0}});
          break;
        case 7:
          take(GiveUp{call});
          break;
        default:
          now_ns_ += random.next() % kSecond;
          if (side.next_tick_ns() <= now_ns_) take(RequesterTick{});
      }
    }
    for (int i = 0; i < 1000 && side.calls() > 0; ++i) {
      now_ns_ += 50 * kMs;
      take(RequesterTick{});
    }
    for (CallNumber call = 1; call <= asked; ++call) EXPECT_EQ(answers[call], 1) << seed;
  }
}

}  // namespace
}  // namespace timerose::scheduler::execute
