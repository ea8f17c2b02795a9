#include "scheduler/execute/executor_side.h"

#include <gtest/gtest.h>

#include "scheduler/execute/executor_side_testing.h"

namespace timerose::scheduler::execute {
namespace {

using testing_executor::ExecutorSideTest;

TEST_F(ExecutorSideTest, AnswersASmallCallWithNothingBetween) {
  open(1, a_);
  const ExecutionId id = begin(1, 7, 0);
  EXPECT_TRUE(all<SendTo>().empty());
  step(ExecutionEnded{id, finish(), 1000, 5});
  const Finish answer = only_sent<Finish>(1);
  EXPECT_EQ(answer.call, 7U);
  EXPECT_TRUE(side_->is_idle());
}

TEST_F(ExecutorSideTest, AcceptsACallThatTakesLonger) {
  open(1, a_);
  begin(1, 7, 0);
  pass(60 * kMs);
  const auto accept = only_sent<Accept>(1);
  EXPECT_EQ(accept.call, 7U);
  EXPECT_EQ(accept.lease_ms, 5000U);
  pass(60 * kMs);
  EXPECT_TRUE(sent<Accept>(1).empty());
}

TEST_F(ExecutorSideTest, RefusesAStranger) {
  const PeerId stranger = numbered_peer(3);
  open(1, stranger);
  hear(1, offer(7, 0));
  const auto refuse = only_sent<Refuse>(1);
  EXPECT_EQ(refuse.reason, RefuseReason::kStranger);
  EXPECT_NE(refuse.message.find(stranger.to_string()), std::string::npos);
  EXPECT_TRUE(all<Launch>().empty());
}

TEST_F(ExecutorSideTest, AdmitsAnOfferOnce) {
  open(1, a_);
  begin(1, 7, 0);
  EXPECT_EQ(view_.admissions, 1);
}

TEST_F(ExecutorSideTest, RefusesANumberThatIsUsedForAnotherInvocation) {
  open(1, a_);
  begin(1, 7, 0);
  hear(1, offer(7, 1));
  EXPECT_EQ(only_sent<Refuse>(1).reason, RefuseReason::kConflict);
}

TEST_F(ExecutorSideTest, RunsOneInvocationOnceForAllWhoAsk) {
  open(1, a_);
  open(2, b_);
  const ExecutionId id = begin(1, 7, 0);
  hear(2, offer(7, 0));
  EXPECT_TRUE(all<Launch>().empty());
  hear(1, offer(8, 0));
  EXPECT_TRUE(all<Launch>().empty());
  step(ExecutionEnded{id, finish(), 1000, 5});
  EXPECT_EQ(sent<Finish>(1).size(), 2U);
  EXPECT_EQ(sent<Finish>(2).size(), 1U);
}

TEST_F(ExecutorSideTest, RunsOneInvocationForEachWhoseAnswersAreHisOwn) {
  view_.apart = {a_};
  open(1, a_);
  open(2, b_);
  const ExecutionId of_a = begin(1, 1, 7);
  const ExecutionId of_b = begin(2, 1, 7);
  EXPECT_NE(of_a, of_b);
  hear(1, offer(2, 7));  // joins his own
  EXPECT_TRUE(all<Launch>().empty());
  step(ExecutionEnded{of_a, finish("of a"), 1, 1});
  EXPECT_EQ(sent<Finish>(1).size(), 2U);
  EXPECT_TRUE(sent<Finish>(2).empty());
  step(ExecutionEnded{of_b, finish("of b"), 1, 1});
  EXPECT_EQ(as_text(only_sent<Finish>(2).outcome), "of b");
}

TEST_F(ExecutorSideTest, RunsAgainForWhomTheSharedAnswerIsNotEnough) {
  open(1, a_);
  open(2, b_);
  const ExecutionId id = begin(1, 7, 0);
  Offer more = offer(9, 0);
  more.fuel = 5000;
  more.receipt = true;
  hear(2, more);
  step(ExecutionEnded{id, Failure{0, FailureKind::kFuel, "too little"}, 1000, 1000});
  EXPECT_EQ(only_sent<Failure>(1).call, 7U);
  EXPECT_TRUE(sent<Failure>(2).empty());
  const Launch again = only<Launch>();
  EXPECT_EQ(again.job->fuel, 5000U);
  EXPECT_TRUE(again.job->receipt);
  step(ExecutionEnded{again.execution, finish(), 1000, 4000});
  EXPECT_TRUE(sent<Finish>(2).empty()) << "it has no receipt";
  Finish with_receipt = finish();
  with_receipt.receipt = {1};
  step(ExecutionEnded{only<Launch>().execution, with_receipt, 1000, 4000});
  EXPECT_EQ(only_sent<Finish>(2).call, 9U);
}

TEST_F(ExecutorSideTest, FetchesInputsBeforeARun) {
  view_.inputs_here = false;
  open(1, a_);
  hear(1, offer(7, 0));
  const auto fetch = only<FetchInputs>();
  EXPECT_EQ(fetch.job->requester, a_);
  EXPECT_TRUE(all<Launch>().empty());
  step(InputsFetched{fetch.execution, std::nullopt});
  EXPECT_EQ(only<Launch>().execution, fetch.execution);
}

TEST_F(ExecutorSideTest, SaysThatInputsCannotBeHad) {
  view_.inputs_here = false;
  open(1, a_);
  hear(1, offer(7, 0));
  step(InputsFetched{only<FetchInputs>().execution,
                     Failure{0, FailureKind::kMissingBlock, "nobody has it"}});
  const auto failure = only_sent<Failure>(1);
  EXPECT_EQ(failure.call, 7U);
  EXPECT_EQ(failure.kind, FailureKind::kMissingBlock);
  EXPECT_TRUE(side_->is_idle());
}

TEST_F(ExecutorSideTest, StopsWhatNobodyWantsAnyMore) {
  open(1, a_);
  open(2, b_);
  const ExecutionId id = begin(1, 7, 0);
  hear(2, offer(7, 0));
  hear(1, Cancel{7});
  EXPECT_TRUE(all<Stop>().empty());
  hear(2, Cancel{7});
  EXPECT_EQ(only<Stop>().execution, id);
  hear(2, Cancel{7});
  EXPECT_TRUE(all<Stop>().empty());
  step(ExecutionEnded{id, Failure{0, FailureKind::kCancelled, ""}, 1000, 5});
  EXPECT_TRUE(all<SendTo>().empty());
  EXPECT_TRUE(side_->is_idle());
}

TEST_F(ExecutorSideTest, RunsAnewForWhoAsksWhileItStops) {
  open(1, a_);
  open(2, b_);
  const ExecutionId id = begin(1, 7, 0);
  hear(1, Cancel{7});
  hear(2, offer(9, 0));
  EXPECT_TRUE(all<Launch>().empty()) << "one execution at a time";
  step(ExecutionEnded{id, Failure{0, FailureKind::kCancelled, ""}, 1000, 5});
  step(ExecutionEnded{only<Launch>().execution, finish(), 1000, 5});
  EXPECT_EQ(only_sent<Finish>(2).call, 9U);
}

TEST_F(ExecutorSideTest, ForgetsACancelledCallThatWaits) {
  ExecutorLimits limits;
  limits.running_max = 1;
  limit(limits);
  open(1, a_);
  const ExecutionId first = begin(1, 1, 1);
  hear(1, offer(2, 2));
  hear(1, Cancel{2});
  EXPECT_TRUE(all<Stop>().empty());
  step(ExecutionEnded{first, finish(), 1000, 5});
  EXPECT_TRUE(all<Launch>().empty());
  EXPECT_TRUE(side_->is_idle());
}

TEST_F(ExecutorSideTest, LetsGoOfWhatWasFetchedForACallThatIsNotRun) {
  ExecutorLimits limits;
  limits.running_max = 1;
  limit(limits);
  open(1, a_);
  begin(1, 1, 1);
  view_.inputs_here = false;
  const auto fetch = [this](CallNumber call) {
    hear(1, offer(call, static_cast<int>(call)));
    return only<FetchInputs>().execution;
  };
  const ExecutionId waits = fetch(2);
  step(InputsFetched{waits, std::nullopt});
  hear(1, Cancel{2});
  EXPECT_EQ(only<LetGo>().execution, waits);

  const ExecutionId stops = fetch(3);
  hear(1, Cancel{3});
  EXPECT_TRUE(all<LetGo>().empty()) << "it is being fetched";
  step(InputsFetched{stops, std::nullopt});
  EXPECT_EQ(only<LetGo>().execution, stops);

  const ExecutionId fails = fetch(4);
  step(InputsFetched{fails, Failure{0, FailureKind::kMissingBlock, "nobody has it"}});
  EXPECT_EQ(only<LetGo>().execution, fails);
}

TEST_F(ExecutorSideTest, CancelsOrphansWhenTheirLeaseEnds) {
  open(1, a_);
  const ExecutionId id = begin(1, 7, 0);
  step(LinkClosed{mesh::StreamId{1}});
  pass(4900 * kMs);
  EXPECT_TRUE(all<Stop>().empty());
  pass(200 * kMs);
  EXPECT_EQ(only<Stop>().execution, id);
}

TEST_F(ExecutorSideTest, CancelsTheCallsOfALinkThatIsSilent) {
  open(1, a_);
  begin(1, 7, 0);
  pass(4 * kSecond);
  hear(1, Heartbeat{});
  pass(4 * kSecond);
  EXPECT_TRUE(all<Stop>().empty()) << "heartbeats renew the lease";
  pass(1100 * kMs);
  EXPECT_EQ(all<Stop>().size(), 1U);
}

TEST_F(ExecutorSideTest, SaysThatItIsThereWhileARequesterWaits) {
  open(1, a_);
  open(2, b_);
  begin(1, 7, 0);
  pass(1000 * kMs);
  EXPECT_GE(sent<Heartbeat>(1).size(), 2U);
  EXPECT_TRUE(sent<Heartbeat>(2).empty());
}

TEST_F(ExecutorSideTest, AnswersOverTheNextLinkWhatEndedBetween) {
  open(1, a_);
  const ExecutionId id = begin(1, 7, 0);
  step(LinkClosed{mesh::StreamId{1}});
  step(ExecutionEnded{id, finish("kept"), 1000, 5});
  EXPECT_TRUE(all<SendTo>().empty());
  open(2, a_);
  hear(2, offer(7, 0));
  EXPECT_TRUE(all<Launch>().empty());
  EXPECT_EQ(only_sent<Finish>(2).outcome, finish("kept").outcome);
  hear(2, Acknowledge{{7}});
  EXPECT_EQ(side_->load().kept, 0U);
}

TEST_F(ExecutorSideTest, GoesOnWithACallThatIsOfferedAgain) {
  open(1, a_);
  const ExecutionId id = begin(1, 7, 0);
  open(2, a_);
  hear(2, offer(7, 0));
  EXPECT_TRUE(all<Launch>().empty());
  EXPECT_EQ(sent<Accept>(2).size(), 1U);
  step(LinkClosed{mesh::StreamId{1}});
  step(ExecutionEnded{id, finish(), 1000, 5});
  EXPECT_EQ(sent<Finish>(2).size(), 1U);
}

TEST_F(ExecutorSideTest, KeepsAnAnswerForAWhile) {
  open(1, a_);
  step(ExecutionEnded{begin(1, 7, 0), finish(), 1000, 5});
  EXPECT_EQ(side_->load().kept, 1U);
  pass(59 * kSecond);
  EXPECT_EQ(side_->load().kept, 1U);
  pass(2 * kSecond);
  EXPECT_EQ(side_->load().kept, 0U);
  EXPECT_EQ(side_->next_tick_ns(), UINT64_MAX) << "nothing to look after";
}

TEST_F(ExecutorSideTest, IgnoresAnAcknowledgementOfACallThatRuns) {
  open(1, a_);
  const ExecutionId id = begin(1, 7, 0);
  hear(1, Acknowledge{{7, 8, 9}});
  step(ExecutionEnded{id, finish(), 1000, 5});
  EXPECT_EQ(sent<Finish>(1).size(), 1U);
}

TEST_F(ExecutorSideTest, EndsACallAtItsDeadline) {
  open(1, a_);
  Offer hurried = offer(7, 0);
  hurried.deadline_ms = 300;
  hear(1, hurried);
  pass(400 * kMs);
  EXPECT_EQ(only_sent<Failure>(1).kind, FailureKind::kDeadline);
  EXPECT_EQ(only_sent<Failure>(1).message, "the deadline has passed while it ran");
  EXPECT_EQ(all<Stop>().size(), 1U);
}

TEST_F(ExecutorSideTest, SaysOfACallThatWaitedUntilItsDeadlineHowBusyItWas) {
  ExecutorLimits limits;
  limits.running_max = 1;
  limit(limits);
  open(1, a_);
  begin(1, 1, 1);
  Offer hurried = offer(2, 2);
  hurried.deadline_ms = 300;
  hear(1, hurried);
  pass(400 * kMs);
  const std::string said = only_sent<Failure>(1).message;
  EXPECT_TRUE(said.starts_with("the deadline has passed while it waited to run, for 3")) << said;
  EXPECT_TRUE(said.ends_with(" ms; 1 run and 1 wait at this executor")) << said;
}

TEST_F(ExecutorSideTest, SendsLogsToThoseWhoWantThem) {
  open(1, a_);
  open(2, b_);
  Offer curious = offer(7, 0);
  curious.logs = true;
  hear(1, curious);
  const Launch run = only<Launch>();
  EXPECT_TRUE(run.job->logs);
  hear(2, offer(9, 0));
  step(LogWritten{run.execution, Log{0, Written::kStderr, 0, {'x'}}});
  EXPECT_EQ(only_sent<Log>(1).call, 7U);
  EXPECT_TRUE(sent<Log>(2).empty());
}

TEST_F(ExecutorSideTest, HandsBackWhatWaitsAndFinishesWhatRunsWhenItDrains) {
  ExecutorLimits limits;
  limits.running_max = 1;
  limit(limits);
  open(1, a_);
  const ExecutionId running = begin(1, 1, 1);
  hear(1, offer(2, 2));
  step(Drain{});
  const auto refuse = only_sent<Refuse>(1);
  EXPECT_EQ(refuse.call, 2U);
  EXPECT_EQ(refuse.reason, RefuseReason::kStopping);
  hear(1, offer(3, 3));
  EXPECT_EQ(only_sent<Refuse>(1).reason, RefuseReason::kStopping);
  step(ExecutionEnded{running, finish(), 1000, 5});
  EXPECT_EQ(only_sent<Finish>(1).call, 1U);
  EXPECT_TRUE(side_->is_idle());
}

TEST_F(ExecutorSideTest, BeginsNothingAnewWhenItDrains) {
  open(1, a_);
  open(2, b_);
  const ExecutionId running = begin(1, 1, 1);
  Offer more = offer(2, 1);
  more.receipt = true;
  hear(2, more);
  step(Drain{});
  step(ExecutionEnded{running, finish(), 1000, 5});
  EXPECT_EQ(only_sent<Finish>(1).call, 1U);
  EXPECT_EQ(only_sent<Refuse>(2).reason, RefuseReason::kStopping) << "it has no receipt";
  EXPECT_TRUE(all<Launch>().empty());
  EXPECT_TRUE(side_->is_idle());
}

TEST_F(ExecutorSideTest, HandsBackAllWhenItMustEndAtOnce) {
  open(1, a_);
  begin(1, 1, 1);
  step(Drain{.also_running = true});
  EXPECT_EQ(only_sent<Refuse>(1).call, 1U);
  EXPECT_EQ(all<Stop>().size(), 1U);
}

}  // namespace
}  // namespace timerose::scheduler::execute
