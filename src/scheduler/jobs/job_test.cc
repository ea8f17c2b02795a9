#include "scheduler/jobs/job.h"

#include <gmock/gmock.h>

#include "scheduler/jobs/job_testing.h"

namespace timerose::scheduler::jobs {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing_jobs::JobTest;

TEST_F(JobTest, ASmallCallIsOfferedDirectlyToTheCheapest) {
  mesh_of(3);
  EXPECT_EQ(start(), "offer 0");
  EXPECT_EQ(answer(1, 0), "answered by #1");
  EXPECT_EQ(job_->stage(), Stage::kEnded);
  EXPECT_EQ(job_->next_ms(), std::nullopt);
}

TEST_F(JobTest, TheMemoIsAskedFirstAndNotForLong) {
  mesh_of(3);
  options_.fresh = false;
  EXPECT_EQ(start(), "ask memo");
  EXPECT_EQ(step(MemoSaid{{says(2, "known")}, {}}), "memo");
  EXPECT_EQ(start(), "ask memo");
  EXPECT_EQ(pass(Job::kMemoWithin_ms), "offer 0");
  EXPECT_EQ(step(MemoSaid{{says(2, "known")}, {}}), "") << "it came too late";
}

TEST_F(JobTest, AnAnswerOfTheMemoCountsOnlyAsFarAsItIsTrusted) {
  mesh_of(3);
  options_.fresh = false;
  start();
  verify::Answer strange = says(2, "known");
  strange.standing = verify::Standing::kStranger;
  EXPECT_EQ(step(MemoSaid{{strange}, {}}), "offer 0");
}

TEST_F(JobTest, AQuorumThatTheMemoKnowsIsEnough) {
  mesh_of(4);
  options_.fresh = false;
  options_.verify = {verify::Policy::kQuorum, 2, 6, true};
  start();
  EXPECT_EQ(step(MemoSaid{{says(2, "known"), says(3, "known")}, {}}), "memo");
}

TEST_F(JobTest, WhoseAnswerTheMemoGaveIsNotAskedForAnotherOne) {
  mesh_of(4);
  options_.fresh = false;
  options_.required = Requirement::parse("distance>1ms").value();
  options_.verify = {verify::Policy::kQuorum, 2, 6, true};
  start();
  EXPECT_EQ(step(MemoSaid{{says(1, "known")}, {NodeRef(1, 0)}}), "offer 2 to commit");
  EXPECT_EQ(step(Committed{id(1)}), "reveal #1");
  EXPECT_EQ(answer(1, 2, "known"), "answered by #1") << "what came for this job is told";
}

TEST_F(JobTest, WhatIsKnownHereIsOneVoteOfAQuorum) {
  mesh_of(3);
  options_.fresh = false;
  options_.verify = {verify::Policy::kQuorum, 2, 6, true};
  start();
  EXPECT_EQ(step(MemoSaid{{says(0, "known")}, {NodeRef(0, 0)}}), "offer 1 to commit");
}

TEST_F(JobTest, AnAnswerOfTheMemoIsExplainedByWhereItWouldHaveRun) {
  mesh_of(3);
  options_.fresh = false;
  options_.explain = true;
  start();
  EXPECT_FALSE(job_->explanation());
  EXPECT_EQ(step(MemoSaid{{says(2, "known")}, {}}), "memo");
  ASSERT_TRUE(job_->explanation());
  EXPECT_EQ(job_->explanation()->lines.size(), 3U);
}

TEST_F(JobTest, WhereACallWasTakenTheFunctionIsFromThenOn) {
  mesh_of(3);
  call_.function_mark = WarmSet::mark_of(testing_jobs::cid_of("another one"));
  EXPECT_EQ(start(), "offer 0");
  EXPECT_FALSE(nodes_.is_warm(NodeRef(0, 0), call_.function_mark, {}));
  step(Taken{id(1)});
  EXPECT_TRUE(nodes_.is_warm(NodeRef(0, 0), call_.function_mark, {}));
}

TEST_F(JobTest, WhoRefusesOrIsBusyOrGoneIsFollowedByTheNext) {
  mesh_of(4);
  EXPECT_EQ(start(), "offer 0");
  EXPECT_EQ(step(Declined{id(1), ErrorCode::kPermission, "stranger"}), "offer 1");
  EXPECT_EQ(step(Occupied{id(2), 10'000, "full"}), "offer 2");
  EXPECT_EQ(step(OutOfReach{id(3), "no way"}), "offer 3");
  EXPECT_EQ(answer(4, 3), "answered by #4");
}

TEST_F(JobTest, WhereNothingFitsItSaysSoAtOnce) {
  mesh_of(3);
  options_.required = Requirement::parse("memory>=32GiB").value();
  EXPECT_THAT(start(), StartsWith("failed: no node fits, of 3 known; memory>=32GiB: 3 fail it"));
  ASSERT_TRUE(job_->explanation());
  EXPECT_EQ(job_->explanation()->lines.size(), 3U);
}

TEST_F(JobTest, WhereAllRefuseItSaysSoAtOnce) {
  mesh_of(2);
  EXPECT_EQ(start(), "offer 0");
  EXPECT_EQ(step(Declined{id(1), ErrorCode::kPermission, "stranger"}), "offer 1");
  EXPECT_THAT(step(Declined{id(2), ErrorCode::kPermission, "stranger"}),
              StartsWith("failed: no node fits, of 2 known; 2 are left out"));
}

TEST_F(JobTest, OnlyNodesWhoseAnswersCountAreAsked) {
  join(0, advert(0));
  join(1, advert(1), false);
  join(2, advert(2), false);
  options_.required = Requirement::parse("distance>1ms").value();
  EXPECT_THAT(start(), HasSubstr("2 are not trusted as executors"));
  options_.verify.policy = verify::Policy::kNone;
  EXPECT_EQ(start(), "offer 1");
}

TEST_F(JobTest, ALostExecutorsCallIsPlacedElsewhereAtOnce) {
  mesh_of(3);
  start();
  step(Taken{id(1)});
  EXPECT_EQ(job_->stage(), Stage::kRunning);
  EXPECT_EQ(step(Lost{id(1), "silence"}), "offer 1");
  EXPECT_EQ(answer(1, 0), "") << "what it says after all is too late";
  EXPECT_EQ(answer(2, 1), "answered by #2");
  EXPECT_EQ(answer(2, 1), "");
}

TEST_F(JobTest, ACallThatIsHandedBackIsPlacedElsewhere) {
  mesh_of(3);
  EXPECT_EQ(start(), "offer 0");
  step(Taken{id(1)});
  EXPECT_EQ(step(Declined{id(1), ErrorCode::kBusy, "stopping"}), "offer 1");
}

TEST_F(JobTest, APoisonedCallIsNotTriedForever) {
  mesh_of(8);
  start();
  std::string last;
  for (uint32_t attempt = 1; attempt <= Job::kKilledMax; ++attempt) {
    step(Taken{id(attempt)});
    last = step(Lost{id(attempt), "killed", true});
  }
  EXPECT_THAT(last, HasSubstr("failed: 3 nodes were lost while they had this call"));
  EXPECT_THAT(last, HasSubstr(peer(1).to_string()));
}

TEST_F(JobTest, ExecutorsThatOnlyCouldNotBeReachedAnyMoreAreBelievedToLiveForLonger) {
  mesh_of(2);
  EXPECT_EQ(start(), "offer 0");
  uint32_t attempt = 0;
  std::string last;
  while (attempt < Job::kLostMax) {
    step(Taken{id(++attempt)});
    last = step(Lost{id(attempt), "silence", false});
    if (last.empty()) last = pass(Job::kPlaceAgain_ms);
    if (attempt < Job::kLostMax) {
      EXPECT_THAT(last, HasSubstr("offer")) << attempt;
    }
  }
  EXPECT_THAT(last, HasSubstr("failed: 8 nodes were lost while they had this call"));
}

TEST_F(JobTest, WhoIsLostBeforeItHadTheCallIsNoPoisonedCallsVictim) {
  mesh_of(1);
  start();
  for (uint32_t attempt = 1; attempt < 5; ++attempt) {
    EXPECT_EQ(step(Lost{id(attempt), "no link", true}), "");
    EXPECT_THAT(pass(2 * Job::kPlaceAgain_ms), HasSubstr("offer 0"));
  }
}

TEST_F(JobTest, AFailureOfTheCallItselfIsTheEndAndAnotherIsNot) {
  mesh_of(4);
  EXPECT_EQ(start(), "offer 0");
  EXPECT_EQ(step(Failed{id(1), execute::FailureKind::kMissingBlock, "no block"}), "offer 1");
  EXPECT_EQ(step(Failed{id(2), execute::FailureKind::kFuel, "too small"}),
            "stopped (fuel): too small");
}

TEST_F(JobTest, AStrangersWordThatACallCannotRunNeedsASecond) {
  join(0, advert(0));
  for (const uint32_t number : {1U, 2U, 3U}) join(number, advert(number), false);
  options_.verify.policy = verify::Policy::kNone;
  options_.required = Requirement::parse("distance>1ms").value();
  EXPECT_EQ(start(), "offer 1");
  EXPECT_EQ(step(Failed{id(1), execute::FailureKind::kFuel, "a lie"}), "offer 2");
  EXPECT_EQ(step(Failed{id(2), execute::FailureKind::kFuel, "too small"}),
            "stopped (fuel): too small");
}

TEST_F(JobTest, WhoIsTrustedIsBelievedThatNoNodeCanTakeACallAndAStrangerIsNot) {
  join(0, advert(0));
  join(1, advert(1), false);
  join(2, advert(2), true);
  options_.verify.policy = verify::Policy::kNone;
  options_.required = Requirement::parse("distance>1ms").value();
  EXPECT_EQ(start(), "offer 1");
  EXPECT_EQ(step(Declined{id(1), ErrorCode::kMalformed, "a lie"}), "offer 2");
  EXPECT_THAT(step(Declined{id(2), ErrorCode::kMalformed, "it is none"}), HasSubstr("failed: "));
}

TEST_F(JobTest, AStrangersWordThatItIsTooLateIsNotTheEnd) {
  join(0, advert(0));
  for (const uint32_t number : {1U, 2U}) join(number, advert(number), false);
  options_.verify.policy = verify::Policy::kNone;
  options_.required = Requirement::parse("distance>1ms").value();
  EXPECT_EQ(start(), "offer 1");
  EXPECT_EQ(step(Failed{id(1), execute::FailureKind::kDeadline, "a lie"}), "offer 2");
  EXPECT_EQ(answer(2, 2), "answered by #2");
}

TEST_F(JobTest, FailuresHaveAnEnd) {
  mesh_of(8);
  start();
  std::string last;
  for (uint32_t attempt = 1; attempt <= Job::kFailuresMax; ++attempt) {
    last = step(Failed{id(attempt), execute::FailureKind::kInternal, "broken"});
  }
  EXPECT_EQ(last, "stopped (internal): broken");
}

TEST_F(JobTest, ADeadlineBeyondWhatAnOfferCanSayIsCut) {
  mesh_of(1);
  options_.deadline_ms = UINT64_MAX;
  start();
  EXPECT_EQ(job_->options().deadline_ms, execute::kMillisecondsMax);
  EXPECT_GT(job_->next_ms(), now_ms_) << "it has not passed";
}

TEST_F(JobTest, TheDeadlineEndsItWhereverItIs) {
  mesh_of(2);
  options_.deadline_ms = 2000;
  start();
  step(Taken{id(1)});
  EXPECT_EQ(pass(1999), "");
  EXPECT_EQ(
      pass(1),
      fmt::format("withdraw #1, stopped (deadline): the deadline of 2000 ms has passed, while it "
                  "was with {} (running)",
                  peer(0).to_string()));
}

TEST_F(JobTest, AnExecutorThatIsLostAtTheDeadlineIsNotReplaced) {
  mesh_of(4);
  options_.deadline_ms = 1000;
  start();
  step(Taken{id(1)});
  now_ms_ += 1000;  // before it is told so
  EXPECT_EQ(step(Lost{id(1), "silence"}), "");
  EXPECT_THAT(pass(0), HasSubstr("stopped (deadline)"));
}

TEST_F(JobTest, AtTheDeadlineItSaysHowLongItHasWaitedBehindOthers) {
  mesh_of(2);
  options_.deadline_ms = 2000;
  start();
  EXPECT_EQ(pass(250), "");
  step(Taken{id(1), 3});
  EXPECT_THAT(pass(1750), HasSubstr(", taken 1750 ms before behind 3 other calls)"));
}

TEST_F(JobTest, AtTheDeadlineTheOnlyNodeThatIsAskedHasTheLastWord) {
  mesh_of(2);
  options_.where = Where::kPeer;
  options_.peer = peer(1);
  options_.deadline_ms = 2000;
  start();
  EXPECT_EQ(pass(2000), "waits for 0 busy, 0 out of reach") << "for the one that was asked";
  EXPECT_EQ(step(Failed{id(1), execute::FailureKind::kDeadline, "the executor was busy"}),
            "stopped (deadline): the executor was busy");
}

TEST_F(JobTest, WithoutALastWordItEndsAllTheSame) {
  mesh_of(2);
  options_.where = Where::kPeer;
  options_.peer = peer(1);
  options_.deadline_ms = 2000;
  start();
  EXPECT_THAT(pass(2000 + Job::kLastWord_ms), HasSubstr("the deadline of 2000 ms has passed"));
}

TEST_F(JobTest, CancellingWithdrawsWhatIsUnderWay) {
  mesh_of(2);
  start();
  step(Taken{id(1)});
  EXPECT_EQ(step(CancelJob{}), "withdraw #1, cancelled");
  EXPECT_EQ(step(CancelJob{}), "");
}

TEST_F(JobTest, ANamedPeerIsAskedAndNoOther) {
  mesh_of(3);
  options_.where = Where::kPeer;
  options_.peer = peer(9);  // that sends no adverts
  options_.verify.policy = verify::Policy::kNone;
  EXPECT_EQ(start(), "offer 9");
  EXPECT_THAT(step(Lost{id(1), "silence"}), HasSubstr("silence"));
}

TEST_F(JobTest, WhatIsRequiredHoldsForANamedNodeToo) {
  mesh_of(3);
  options_.required = Requirement::parse("memory>=32GiB").value();
  options_.where = Where::kLocal;
  EXPECT_THAT(start(), StartsWith("failed: memory>=32GiB is required, and " + peer(0).to_string()));
  options_.where = Where::kPeer;
  options_.peer = peer(2);
  EXPECT_THAT(start(), StartsWith("failed: memory>=32GiB is required, and " + peer(2).to_string()));
  options_.required = Requirement::parse("distance>15ms").value();
  EXPECT_EQ(start(), "offer 2");
  options_.peer = peer(1);
  EXPECT_THAT(start(), StartsWith("failed: distance>15ms is required, and "));
}

TEST_F(JobTest, OfANamedNodeThatSaysNothingNoRequirementHolds) {
  mesh_of(3);
  options_.required = Requirement::parse("memory>=1MiB").value();
  options_.where = Where::kPeer;
  options_.peer = peer(9);
  EXPECT_THAT(start(), StartsWith("failed: nothing is known of " + peer(9).to_string()));
}

TEST_F(JobTest, OnlyTheNamedNodeIsExplained) {
  mesh_of(3);
  options_.where = Where::kPeer;
  options_.peer = peer(2);
  options_.dry_run = true;
  EXPECT_EQ(start(), "explained");
  ASSERT_EQ(job_->explanation()->lines.size(), 1U);
  EXPECT_EQ(job_->explanation()->lines[0].peer, peer(2));
  EXPECT_EQ(job_->explanation()->lines[0].rejected, "");
}

TEST_F(JobTest, HereMeansHere) {
  mesh_of(3);
  options_.where = Where::kLocal;
  EXPECT_EQ(start(), "offer 0");
  EXPECT_EQ(step(Failed{id(1), execute::FailureKind::kMissingBlock, "gone"}),
            "stopped (missing_block): gone");
}

TEST_F(JobTest, ExplainingAloneRunsNothing) {
  mesh_of(3);
  options_.dry_run = true;
  EXPECT_EQ(start(), "explained");
  EXPECT_EQ(job_->explanation()->lines.size(), 3U);
  EXPECT_TRUE(job_->attempts().empty());
}

}  // namespace
}  // namespace timerose::scheduler::jobs
