// Jobs that run more than once: copies, quorums, hedges, checks.
#include <gmock/gmock.h>

#include <set>

#include "scheduler/jobs/job_testing.h"

namespace timerose::scheduler::jobs {
namespace {

using ::testing::HasSubstr;
using testing_jobs::JobTest;

class CopiesTest : public JobTest {
 protected:
  void quorum(uint32_t wanted, uint32_t most) {
    options_.verify.policy = verify::Policy::kQuorum;
    options_.verify.quorum = wanted;
    options_.verify.answers_max = most;
  }
  void learn_that_runs_take(uint64_t ms) {
    for (uint32_t run = 0; run < RunTimes::kRunsMin; ++run) times_.observe(call_.function, 0, ms);
  }
};

TEST_F(CopiesTest, RunOnDifferentNodesAndTheFirstAnswerCounts) {
  mesh_of(4);
  options_.copies = 3;
  EXPECT_EQ(start(), "offer 0, offer 1, offer 2");
  EXPECT_EQ(answer(2, 1), "withdraw #1, withdraw #3, answered by #2");
}

TEST_F(CopiesTest, AreAsManyAsThereAreNodesFor) {
  mesh_of(2);
  options_.copies = 4;
  EXPECT_EQ(start(), "offer 0, offer 1, runs 2 of 4 copies") << "which is told once";
  ASSERT_TRUE(job_->fewer());
  EXPECT_THAT(job_->fewer()->why, HasSubstr("no node fits, of 2 known; 2 have been given it"));
  EXPECT_EQ(step(Lost{id(1), "silence"}), "runs 1 of 4 copies") << "the other one is left";
  EXPECT_EQ(answer(2, 1), "answered by #2");
}

TEST_F(CopiesTest, OfAsManyAsWereWantedNothingIsTold) {
  mesh_of(3);
  options_.copies = 3;
  EXPECT_EQ(start(), "offer 0, offer 1, offer 2");
  EXPECT_FALSE(job_->fewer());
}

TEST_F(CopiesTest, ThatFindNoNodeAreExplained) {
  mesh_of(2);
  options_.copies = 3;
  options_.dry_run = true;
  EXPECT_EQ(start(), "explained");
  EXPECT_THAT(job_->explanation()->shortage,
              HasSubstr("3 copies are wanted, and there are nodes for 2: no node fits, of 2"));
  EXPECT_FALSE(job_->explanation()->is_too_few);
  options_.copies = 2;
  start();
  EXPECT_EQ(job_->explanation()->shortage, "");
}

TEST_F(CopiesTest, AQuorumThatFindsNoNodesIsExplainedAsOneThatCannotRun) {
  mesh_of(2);
  quorum(3, 9);
  options_.dry_run = true;
  start();
  EXPECT_THAT(job_->explanation()->shortage,
              HasSubstr("3 answers are wanted, and there are nodes for 2: "));
  EXPECT_TRUE(job_->explanation()->is_too_few);
}

TEST_F(CopiesTest, AreApartInWhatWasSaid) {
  for (const uint32_t number : {0U, 1U, 2U, 3U}) {
    Advert one = advert(number);
    one.capacity.labels["zone"] = number < 3 ? "eu" : "us";
    join(number, one);
  }
  options_.copies = 2;
  options_.apart = Requirement::parse("label.zone=x").value().terms[0];
  EXPECT_EQ(start(), "offer 0, offer 3");
}

TEST_F(CopiesTest, AQuorumCommitsBeforeItReveals) {
  mesh_of(4);
  options_.required = Requirement::parse("distance>1ms").value();
  quorum(2, 3);
  EXPECT_EQ(start(), "offer 1 to commit, offer 2 to commit");
  EXPECT_EQ(step(Committed{id(1)}), "");
  EXPECT_EQ(step(Committed{id(2)}), "reveal #1 #2");
  EXPECT_EQ(answer(1, 1), "");
  EXPECT_EQ(answer(2, 2), "answered by #1");
}

TEST_F(CopiesTest, ARunWhoseNodesAreAllBeingAskedStandsBy) {
  mesh_of(5);
  input(0, 20 * kMegabyte);
  quorum(3, 3);
  EXPECT_EQ(start(), "probe 0, probe 1, probe 2, probe 3, probe 4");
  pass(2 * Job::kProbeWithin_ms);  // what was let go of is asked by the third
  std::set<PeerId> nodes;
  for (const Attempt& attempt : job_->attempts()) {
    if (attempt.state == AttemptState::kOffered) nodes.insert(attempt.peer);
  }
  EXPECT_EQ(nodes.size(), 3U);
}

TEST_F(CopiesTest, RunsThatStandByHaveNoNodes) {
  mesh_of(2);
  input(0, 20 * kMegabyte);
  quorum(5, 9);
  start();
  EXPECT_THAT(pass(2 * Job::kProbeWithin_ms),
              HasSubstr("5 answers are wanted, and there are nodes for 2"));
}

TEST_F(CopiesTest, WhoSaysOtherwiseMakesItAskMore) {
  mesh_of(5);
  options_.required = Requirement::parse("distance>1ms").value();
  quorum(2, 4);
  start();
  step(Committed{id(1)});
  step(Committed{id(2)});
  answer(1, 1, "bad");
  EXPECT_EQ(answer(2, 2, "good"), "offer 3 to commit");
  EXPECT_EQ(step(Committed{id(3)}), "reveal #3");
  const auto& actions = job_->step(now_ms_, Answered{id(3), says(3, "good")});
  ASSERT_EQ(actions.size(), 1U);
  const Ending& ending = std::get<EndJob>(actions[0]).ending;
  EXPECT_EQ(ending.losers, std::vector{id(1)});
  EXPECT_EQ(ending.supporters, (std::vector{id(2), id(3)}));
  EXPECT_TRUE(ending.disagreement);
}

TEST_F(CopiesTest, TheLossOfACommittedMemberIsMadeGood) {
  mesh_of(4);
  options_.required = Requirement::parse("distance>1ms").value();
  quorum(2, 3);
  start();
  step(Committed{id(1)});
  EXPECT_EQ(step(Lost{id(1), "silence"}), "offer 3 to commit");
  EXPECT_EQ(step(Committed{id(2)}), "");
  EXPECT_EQ(step(Committed{id(3)}), "reveal #2 #3");
}

TEST_F(CopiesTest, AMemberThatCannotBeReachedIsWaitedForWhileOthersHaveTheCall) {
  mesh_of(3);
  options_.required = Requirement::parse("distance>1ms").value();
  options_.deadline_ms = 20'000;
  quorum(2, 3);
  EXPECT_EQ(start(), "offer 1 to commit, offer 2 to commit");
  EXPECT_EQ(step(Committed{id(1)}), "");
  EXPECT_EQ(step(OutOfReach{id(2), "no way"}), "") << "and nothing is revealed meanwhile";
  EXPECT_EQ(pass(Job::kPlaceAgain_ms - 1), "");
  EXPECT_EQ(pass(1), "offer 2 to commit, waits for 0 busy, 1 out of reach");
  EXPECT_EQ(step(OutOfReach{id(3), "no way"}), "");
  EXPECT_EQ(pass(Job::kPlaceAgain_ms), "offer 2 to commit");
  EXPECT_EQ(step(Committed{id(4)}), "reveal #1 #4");
}

TEST_F(CopiesTest, WithoutADeadlineTheWaitEndsToo) {
  mesh_of(3);
  options_.required = Requirement::parse("distance>1ms").value();
  quorum(2, 3);
  start();
  step(Committed{id(1)});
  std::string last = step(OutOfReach{id(2), "no way"});
  uint32_t attempt = 2;
  uint64_t waited_ms = 0;
  for (; waited_ms < 2 * Job::kPatience_ms && !job_->attempts().empty(); ++waited_ms) {
    if (last.find("offer 2") != std::string::npos) {
      last = step(OutOfReach{id(++attempt), "no way"});
    } else {
      last = pass(1);
    }
    if (last.find("failed") != std::string::npos) break;
  }
  EXPECT_THAT(last, HasSubstr("2 answers are wanted, and there are nodes for 1"));
  EXPECT_NEAR(static_cast<double>(waited_ms), Job::kPatience_ms, Job::kPlaceAgain_ms);
  EXPECT_GT(attempt, 10U);
}

TEST_F(CopiesTest, AQuorumOfWhichNobodyCanBeReachedWaitsForThemToo) {
  mesh_of(3);
  options_.required = Requirement::parse("distance>1ms").value();
  quorum(2, 3);
  start();
  EXPECT_EQ(step(OutOfReach{id(1), "no way"}), "");
  EXPECT_EQ(step(OutOfReach{id(2), "no way"}), "");
  EXPECT_THAT(pass(Job::kPlaceAgain_ms), HasSubstr("offer 1 to commit, offer 2 to commit"));
}

TEST_F(CopiesTest, AQuorumThatCannotBeReachedIsRefusedAtOnce) {
  mesh_of(2);
  quorum(3, 9);
  EXPECT_THAT(
      start(),
      HasSubstr("3 answers are wanted, and there are nodes for 2: no node fits, of 2 known; 2 "
                "have been given it already"));
}

TEST_F(CopiesTest, AnAnswerThatIsToBeCheckedIsRunHere) {
  mesh_of(3);
  options_.required = Requirement::parse("distance>1ms").value();
  EXPECT_EQ(start(), "offer 1");
  EXPECT_EQ(step(Answered{id(1), says(1, "good"), false, true}), "offer 0");
  EXPECT_EQ(job_->stage(), Stage::kChecking);
  EXPECT_EQ(answer(2, 0, "good"), "answered by #1");
}

TEST_F(CopiesTest, AStragglerIsHedgedAndTheLoserIsCancelled) {
  mesh_of(3);
  learn_that_runs_take(100);
  options_.hedge = true;
  EXPECT_EQ(start(), "offer 0");
  step(Taken{id(1)});
  EXPECT_EQ(pass(99), "");
  EXPECT_EQ(pass(25), "offer 1") << "later than nearly all runs before";
  EXPECT_EQ(pass(10'000), "offer 2, withdraw #2, withdraw #3") << "nobody else says anything";
  EXPECT_EQ(answer(1, 0), "answered by #1");
}

TEST_F(CopiesTest, TheHedgeThatAnswersFirstEndsTheStraggler) {
  mesh_of(3);
  learn_that_runs_take(100);
  options_.hedge = true;
  start();
  step(Taken{id(1)});
  pass(130);
  EXPECT_EQ(answer(2, 1), "withdraw #1, answered by #2");
}

TEST_F(CopiesTest, AHedgeThatCommitsFirstEndsTheStragglerOfAQuorum) {
  mesh_of(5);
  learn_that_runs_take(100);
  options_.required = Requirement::parse("distance>1ms").value();
  options_.hedge = true;
  quorum(2, 3);
  EXPECT_EQ(start(), "offer 1 to commit, offer 2 to commit");
  step(Taken{id(1)});
  EXPECT_EQ(step(Committed{id(2)}), "");
  EXPECT_EQ(pass(130), "offer 3 to commit") << "nor is who has committed a straggler";
  EXPECT_EQ(step(Committed{id(3)}), "withdraw #1, reveal #2 #3");
  EXPECT_EQ(answer(2, 2), "");
  EXPECT_EQ(answer(3, 3), "answered by #2");
}

TEST_F(CopiesTest, AHedgeThatHasCommittedAndIsLostIsMadeGood) {
  mesh_of(5);
  learn_that_runs_take(100);
  options_.required = Requirement::parse("distance>1ms").value();
  options_.hedge = true;
  quorum(2, 3);
  start();
  step(Taken{id(1)});
  pass(130);
  EXPECT_EQ(step(Committed{id(3)}), "withdraw #1");
  EXPECT_THAT(step(Lost{id(3), "silence"}), HasSubstr("to commit"));
  EXPECT_EQ(step(Committed{id(2)}), "");
  EXPECT_EQ(step(Committed{id(4)}), "reveal #2 #4");
}

TEST_F(CopiesTest, NothingIsHedgedBeforeItsFunctionIsKnown) {
  mesh_of(3);
  options_.hedge = true;
  start();
  step(Taken{id(1)});
  EXPECT_EQ(pass(60'000), "");
}

TEST_F(CopiesTest, TheHedgeIsLeftWhenTheOtherIsLost) {
  mesh_of(2);
  learn_that_runs_take(100);
  options_.hedge = true;
  start();
  step(Taken{id(1)});
  pass(130);
  step(Taken{id(2)});
  EXPECT_EQ(step(Lost{id(1), "silence"}), "");
  EXPECT_EQ(answer(2, 1), "answered by #2");
}

TEST_F(CopiesTest, RunsTeachWhatAFunctionTakes) {
  mesh_of(2);
  for (uint32_t run = 0; run < RunTimes::kRunsMin; ++run) {
    start();
    step(Taken{id(1)});
    pass(50);
    answer(1, 0);
  }
  const auto usual = times_.quantile_ms(call_.function, 0, 0.95);
  ASSERT_TRUE(usual);
  EXPECT_GE(*usual, 50U);
  EXPECT_LE(*usual, 60U);
  EXPECT_EQ(work_.expected_fuel(call_.function, 0), 1000);
}

TEST_F(CopiesTest, FalseMeteringTeachesNothing) {
  mesh_of(5);
  options_.required = Requirement::parse("distance>1ms").value();
  quorum(3, 3);
  start();
  for (const uint32_t attempt : {1U, 2U, 3U}) step(Committed{id(attempt)});
  for (const uint32_t attempt : {1U, 2U, 3U}) {
    verify::Answer said = says(attempt, "good");
    said.metering.engine = std::make_shared<const compute::EngineName>();
    if (attempt == 2) said.metering.fuel_used = uint64_t{1} << 50;
    step(Answered{id(attempt), said});
  }
  EXPECT_EQ(job_->stage(), Stage::kEnded);
  EXPECT_EQ(work_.expected_fuel(call_.function, 0), 1000);
}

TEST_F(CopiesTest, WhereOneOperatorRunsAllOneRunHereSettlesAQuorum) {
  mesh_of(3);
  options_.required = Requirement::parse("distance>1ms").value();
  quorum(2, 2);
  start();
  for (const uint32_t attempt : {1U, 2U}) step(Committed{id(attempt)});
  const auto answered = [this](uint32_t attempt, uint32_t node) {
    verify::Answer said = says(node, "good");
    said.operator_name = "ann";
    return step(Answered{id(attempt), said});
  };
  EXPECT_EQ(answered(1, 1), "");
  EXPECT_EQ(answered(2, 2), "offer 0");
  EXPECT_EQ(answered(3, 0), "answered by #1");
}

TEST(RunTimes, FollowAFunctionThatChanges) {
  RunTimes times(1, 64);
  const ContentKey function{1, 2};
  EXPECT_EQ(times.quantile_ms(function, 0, 0.5), std::nullopt);
  for (int run = 0; run < 2000; ++run) times.observe(function, 0, 10);
  EXPECT_NEAR(static_cast<double>(times.quantile_ms(function, 0, 0.5).value()), 11, 1);
  for (int run = 0; run < 2000; ++run) times.observe(function, 0, 1000);
  EXPECT_GE(times.quantile_ms(function, 0, 0.5).value(), 1000U);
  EXPECT_EQ(times.quantile_ms(function, 1U << 30, 0.5), std::nullopt) << "another size";
}

}  // namespace
}  // namespace timerose::scheduler::jobs
