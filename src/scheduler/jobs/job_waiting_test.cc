// A Job whose nodes are busy or out of reach.
#include <gmock/gmock.h>

#include "scheduler/jobs/job.h"
#include "scheduler/jobs/job_testing.h"

namespace timerose::scheduler::jobs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing_jobs::JobTest;

TEST_F(JobTest, ABusyMeshIsWaitedForAndThenGivenUp) {
  mesh_of(1);
  EXPECT_EQ(start(), "offer 0");
  EXPECT_EQ(step(Occupied{id(1), 500, "full"}), "");
  EXPECT_EQ(pass(500), "offer 0");
  EXPECT_EQ(step(Occupied{id(2), 40'000, "full"}), "");
  EXPECT_THAT(pass(Job::kPatience_ms), HasSubstr("failed: no node has taken the call"));
}

TEST_F(JobTest, ABusyNodeIsAskedAgainAsOftenAsItSaysButNotWithoutEnd) {
  mesh_of(1);
  EXPECT_EQ(start(), "offer 0");
  for (uint64_t ms = 0; ms < 10'000; ++ms) {
    const Attempt& last = job_->attempts().back();
    if (last.is_open()) step(Occupied{last.id, 0, "full"});
    pass(1);
  }
  EXPECT_GT(job_->attempts().back().id, id(10));
  EXPECT_LT(job_->attempts().back().id, id(20));
}

TEST_F(JobTest, ABusyNodeThatWasAskedForLongIsNoReasonToGiveUp) {
  mesh_of(1);
  options_.deadline_ms = 3'600'000;
  start();
  while (job_->attempts().back().id < id(2 * Job::kAttemptsMax)) {
    if (const Attempt& last = job_->attempts().back(); last.is_open()) {
      step(Occupied{last.id, 0, "full"});
    }
    pass(100);
  }
  EXPECT_LE(job_->attempts().size(), 2U) << "nor is each time remembered";
  if (!job_->attempts().back().is_open()) pass(1000);
  const AttemptId last = job_->attempts().back().id;
  step(Taken{last});
  step(Declined{last, ErrorCode::kBusy, "stopping"});
  EXPECT_THAT(pass(2 * Job::kPlaceAgain_ms), HasSubstr("offer 0"));
}

TEST_F(JobTest, WhoIsOutOfReachIsAskedAgainHoweverManyWereAsked) {
  mesh_of(300);
  options_.required = Requirement::parse("distance>1ms").value();
  options_.deadline_ms = 3'600'000;
  start();
  for (int round = 0; round < 20; ++round) {
    while (job_->attempts().back().is_open()) {
      step(OutOfReach{job_->attempts().back().id, "no way"});
    }
    pass(Job::kPlaceAgain_ms);
  }
  EXPECT_THAT(pass(600'000), HasSubstr("offer")) << "the network may be there again";
  EXPECT_LE(job_->attempts().size(), Job::kAttemptsMax + Binding::kNodesMax);
}

TEST_F(JobTest, WhileAllAreBusyItTellsWhatItWaitsForAndTellsNothingTwice) {
  mesh_of(2);
  EXPECT_EQ(start(), "offer 0");
  EXPECT_EQ(step(Occupied{id(1), 9000, "full"}), "offer 1");
  EXPECT_EQ(step(Occupied{id(2), 7000, "full"}), "");
  EXPECT_EQ(pass(Job::kTellWait_ms - 1), "");
  now_ms_ += 1;
  const std::vector<JobAction> actions = job_->step(now_ms_, TimeIsUp{});
  ASSERT_EQ(written(actions), "waits for 2 busy, 0 out of reach");
  const Waiting waiting = std::get<TellWaiting>(actions.front()).waiting;
  EXPECT_EQ(waiting.again_in_ms, 6000U);
  EXPECT_EQ(waiting.patience_ms, Job::kPatience_ms - Job::kTellWait_ms);
  EXPECT_EQ(waiting.why, "full");
  EXPECT_EQ(pass(6000), "offer 1");
  EXPECT_EQ(step(OutOfReach{id(3), "no way"}), "");
  EXPECT_EQ(pass(2000), "offer 0");
  EXPECT_EQ(step(Occupied{id(4), 20'000, "full"}), "");
  EXPECT_EQ(pass(Job::kTellWaitAgain_ms), "waits for 1 busy, 1 out of reach");
}

TEST_F(JobTest, OfACallThatWasTakenBehindOthersItTellsSo) {
  mesh_of(2);
  start();
  step(Taken{id(1), 3});
  EXPECT_EQ(pass(Job::kTellWait_ms), "waits for 0 busy, 0 out of reach, behind 3 at 0");
  EXPECT_EQ(pass(60'000), "");
}

TEST_F(JobTest, OfACallThatRunsItTellsNothing) {
  mesh_of(2);
  start();
  step(Taken{id(1), 0});
  EXPECT_EQ(pass(60'000), "");
}

TEST_F(JobTest, NodesThatSayNothingAreAskedAgainUntilTheStormHasPassed) {
  mesh_of(2);
  EXPECT_EQ(start(), "offer 0");
  EXPECT_EQ(pass(1000), "offer 1, withdraw #1, withdraw #2, waits for 0 busy, 2 out of reach");
  EXPECT_THAT(job_->attempts()[1].why, HasSubstr("has not said whether it takes the call"));
  EXPECT_EQ(pass(Job::kPlaceAgain_ms), "offer 0");
  EXPECT_EQ(answer(3, 0), "answered by #3");
}

TEST_F(JobTest, WithoutADeadlineNodesThatCannotBeReachedAreNotWaitedForLong) {
  mesh_of(2);
  start();
  EXPECT_THAT(pass(Job::kPatience_ms - 1), Not(HasSubstr("failed")));
  EXPECT_THAT(pass(2000), HasSubstr("failed: no node has taken the call; "));
}

TEST_F(JobTest, TheWaitForManyNodesThatSayNothingEndsToo) {
  mesh_of(8);
  start();
  EXPECT_THAT(pass(Job::kPatience_ms - 1), Not(HasSubstr("failed")));
  EXPECT_THAT(pass(2000), HasSubstr("failed: "));
}

TEST_F(JobTest, WithADeadlineTheyAreWaitedForAsLong) {
  mesh_of(4);
  options_.deadline_ms = 3'600'000;
  start();
  EXPECT_THAT(pass(options_.deadline_ms - 1), Not(HasSubstr("failed")));
  EXPECT_THAT(pass(1), HasSubstr("stopped (deadline): the deadline of 3600000 ms has passed"));
}

TEST_F(JobTest, ANodeThatHasLeftTheMeshAndComesBackIsAskedAgain) {
  mesh_of(2);
  options_.required = Requirement::parse("distance>1ms").value();
  options_.deadline_ms = 120'000;
  EXPECT_EQ(start(), "offer 1");
  EXPECT_EQ(step(OutOfReach{id(1), "no way"}), "");
  nodes_.remove(1);
  EXPECT_EQ(pass(20'000), "waits for 0 busy, 1 out of reach");
  join(1, advert(1));
  for (int second = 0; second < 10 && job_->attempts().size() == 1; ++second) pass(1000);
  EXPECT_EQ(answer(2, 1), "answered by #2");
}

}  // namespace
}  // namespace timerose::scheduler::jobs
