#include <gtest/gtest.h>

#include "scheduler/execute/executor_side_testing.h"

namespace timerose::scheduler::execute {
namespace {

using testing_executor::ExecutorSideTest;

using ExecutorQuestionsTest = ExecutorSideTest;

Cid name_of(const Bytes& invocation) { return Cid::of_sha256(Codec::kDagCbor, invocation); }

TEST_F(ExecutorQuestionsTest, AnswersAProbeAndBindsNothing) {
  open(1, a_);
  hear(1, Probe{7, invocation(0), {}});
  const auto survey = only<Survey>();
  EXPECT_EQ(survey.job->name, name_of(invocation(0)));
  const Cid absent = Cid::of_sha256(Codec::kRaw, as_bytes("absent"));
  step(Surveyed{survey.question, Estimate{0, 4096, {absent}, 0, true, true}});
  EXPECT_EQ(only_sent<Estimate>(1), (Estimate{7, 4096, {absent}, 0, true, true}));
  EXPECT_EQ(side_->load().kept + side_->load().running + side_->load().waiting, 0U);
}

TEST_F(ExecutorQuestionsTest, EstimatesTheWaitByWhatCallsTook) {
  ExecutorLimits limits;
  limits.running_max = 4;
  limits.run_threads = 2;
  limit(limits);
  open(1, a_);
  for (CallNumber call = 0; call < 20; ++call) {
    step(ExecutionEnded{begin(1, call, static_cast<int>(call)), finish(), 800 * kMs, 5});
  }
  const auto wait = [&](CallNumber call) {
    hear(1, Probe{call, invocation(99), {}});
    step(Surveyed{only<Survey>().question, {}});
    return only_sent<Estimate>(1).wait_ms;
  };
  EXPECT_EQ(wait(100), 0U);
  for (int number = 20; number < 28; ++number) hear(1, offer(200 + number, number));
  EXPECT_GT(wait(101), 2000U);
  EXPECT_LT(wait(102), 4000U);
}

TEST_F(ExecutorQuestionsTest, OfManyThreadsOneIsFreeSoon) {
  ExecutorLimits limits;
  limits.running_max = limits.run_threads = 4;
  limit(limits);
  open(1, a_);
  for (CallNumber call = 0; call < 20; ++call) {
    step(ExecutionEnded{begin(1, call, static_cast<int>(call)), finish(), 800 * kMs, 5});
  }
  for (int number = 20; number < 24; ++number) hear(1, offer(200 + number, number));
  hear(1, Probe{100, invocation(99), {}});
  step(Surveyed{only<Survey>().question, {}});
  const uint64_t wait_ms = only_sent<Estimate>(1).wait_ms;
  EXPECT_GT(wait_ms, 150U);
  EXPECT_LT(wait_ms, 250U) << "a fourth of what one call takes";
}

TEST_F(ExecutorQuestionsTest, TellsWhatIsKnownAndExecutesNothing) {
  open(1, a_);
  hear(1, Known{7, name_of(invocation(0)), {}});
  step(LookedUp{only<LookUp>().question, Finish{0, true, {1}, {2}, {}}});
  EXPECT_EQ(only_sent<Finish>(1), (Finish{7, true, {1}, {2}, {}}));
  hear(1, Known{8, name_of(invocation(0)), {}});
  step(LookedUp{only<LookUp>().question, std::nullopt});
  EXPECT_EQ(only_sent<Unknown>(1).call, 8U);
  EXPECT_TRUE(all<Launch>().empty());
  EXPECT_EQ(side_->load().kept, 0U) << "nothing is to be acknowledged";
}

TEST_F(ExecutorQuestionsTest, RefusesAStranger) {
  open(1, numbered_peer(3));
  hear(1, Probe{7, invocation(0), {}});
  EXPECT_EQ(only_sent<Refuse>(1).reason, RefuseReason::kStranger);
  hear(1, Known{8, name_of(invocation(0)), {}});
  EXPECT_EQ(only_sent<Refuse>(1).reason, RefuseReason::kStranger);
}

TEST_F(ExecutorQuestionsTest, RefusesWhatIsNoInvocationAndWhenItStops) {
  open(1, a_);
  hear(1, Probe{7, {1, 2, 3}, {}});
  EXPECT_EQ(only_sent<Refuse>(1).reason, RefuseReason::kMalformed);
  step(Drain{});
  hear(1, Probe{8, invocation(0), {}});
  EXPECT_EQ(only_sent<Refuse>(1).reason, RefuseReason::kStopping);
}

TEST_F(ExecutorQuestionsTest, LooksIntoSoManyAtATimeAndLeavesOthersUnharmed) {
  ExecutorLimits limits;
  limits.questions_max = 10;
  limits.questions_of_requester_max = 6;
  limit(limits);
  open(1, a_);
  open(2, b_);
  std::vector<QuestionId> asked;
  const auto ask = [&](uint64_t link, CallNumber call) {
    hear(link, Known{call, name_of(invocation(0)), {}});
    for (const LookUp& one : all<LookUp>()) asked.push_back(one.question);
    return sent<Busy>(link).empty();
  };
  for (CallNumber call = 0; call < 6; ++call) EXPECT_TRUE(ask(1, call));
  EXPECT_FALSE(ask(1, 6));
  for (CallNumber call = 0; call < 4; ++call) EXPECT_TRUE(ask(2, call));
  EXPECT_FALSE(ask(2, 4)) << "of all";
  step(LookedUp{asked.front(), std::nullopt});
  EXPECT_TRUE(ask(1, 7));
}

TEST_F(ExecutorQuestionsTest, GoOnWithoutTheirLink) {
  open(1, a_);
  hear(1, Known{7, name_of(invocation(0)), {}});
  const auto look_up = only<LookUp>();
  step(LinkClosed{mesh::StreamId{1}});
  step(LookedUp{look_up.question, Finish{0, true, {1}, {2}, {}}});
  step(LookedUp{look_up.question, std::nullopt});
  EXPECT_TRUE(all<SendTo>().empty());
}

}  // namespace
}  // namespace timerose::scheduler::execute
