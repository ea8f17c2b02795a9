#include <gtest/gtest.h>

#include "scheduler/execute/executor_side_testing.h"

namespace timerose::scheduler::execute {
namespace {

using testing_executor::ExecutorSideTest;

class ExecutorCommitsTest : public ExecutorSideTest {
 protected:
  static Offer committing(CallNumber call, int number) {
    Offer wanted = offer(call, number);
    wanted.commit = true;
    return wanted;
  }
  static Finish signed_finish() { return Finish{0, false, {1, 2, 3}, {4, 5, 6}, {}}; }
  static Cid name(int number) { return Cid::of_sha256(Codec::kDagCbor, invocation(number)); }

  // Offers and executes; nothing but the Commit is told.
  void commit(uint64_t link, CallNumber call, int number) {
    hear(link, committing(call, number));
    const auto launch = only<Launch>();
    EXPECT_TRUE(launch.job->fresh);
    EXPECT_TRUE(launch.job->receipt);
    step(ExecutionEnded{launch.execution, signed_finish(), 1000, 5});
  }
  void ask_if_known(uint64_t link, CallNumber call, int number) {
    hear(link, Known{call, name(number), {}});
  }
};

TEST_F(ExecutorCommitsTest, TellsItsAnswerAfterItIsToReveal) {
  open(1, a_);
  commit(1, 7, 0);
  EXPECT_EQ(only_sent<Commit>(1), (Commit{7, sha256(signed_finish().receipt)}));
  EXPECT_TRUE(sent<Finish>(1).empty());
  hear(1, Reveal{{7}});
  EXPECT_EQ(only_sent<Finish>(1).receipt, signed_finish().receipt);
  hear(1, Reveal{{7}});
  EXPECT_TRUE(all<SendTo>().empty()) << "once";
  hear(1, Acknowledge{{7}});
  EXPECT_EQ(side_->load().kept, 0U);
}

TEST_F(ExecutorCommitsTest, RevealsNothingToWhoMustNotAskForIt) {
  open(1, a_);
  open(2, b_);
  hear(1, Reveal{{7}});
  EXPECT_TRUE(all<SendTo>().empty()) << "without an offer";
  hear(1, committing(7, 0));
  const auto launch = only<Launch>();
  hear(1, Reveal{{7}});
  EXPECT_TRUE(all<SendTo>().empty()) << "without a Commit";
  step(ExecutionEnded{launch.execution, signed_finish(), 1000, 5});
  EXPECT_TRUE(sent<Finish>(1).empty());
  hear(2, Reveal{{7}});
  EXPECT_TRUE(all<SendTo>().empty()) << "it is another's call";
}

TEST_F(ExecutorCommitsTest, KeepsTheAnswerFromOthersUntilThen) {
  open(1, a_);
  open(2, b_);
  hear(1, committing(7, 0));
  const auto launch = only<Launch>();
  hear(2, offer(8, 0));
  ask_if_known(2, 9, 0);
  EXPECT_EQ(only_sent<Unknown>(2).call, 9U) << "from the offer on";
  step(ExecutionEnded{launch.execution, signed_finish(), 1000, 5});
  EXPECT_TRUE(sent<Finish>(2).empty()) << "though it shared the execution";
  hear(2, offer(10, 0));
  step(ExecutionEnded{only<Launch>().execution, signed_finish(), 1000, 5});
  EXPECT_TRUE(sent<Finish>(2).empty()) << "though this node knows it";
  ask_if_known(2, 11, 0);
  EXPECT_EQ(only_sent<Unknown>(2).call, 11U);

  hear(1, Reveal{{7}});
  EXPECT_EQ(sent<Finish>(1).size(), 1U);
  EXPECT_EQ(sent<Finish>(2).size(), 2U);
  ask_if_known(2, 12, 0);
  EXPECT_EQ(all<LookUp>().size(), 1U);
}

TEST_F(ExecutorCommitsTest, KeepsAnAnswerThatWasBeingLookedUp) {
  open(1, a_);
  open(2, b_);
  ask_if_known(2, 9, 0);
  const auto look_up = only<LookUp>();
  commit(1, 7, 0);
  step(LookedUp{look_up.question, signed_finish()});
  EXPECT_EQ(only_sent<Unknown>(2).call, 9U);
  hear(2, Probe{10, invocation(0), {}});
  step(Surveyed{only<Survey>().question, Estimate{0, 0, {}, 0, true, true}});
  EXPECT_FALSE(only_sent<Estimate>(2).known);
}

TEST_F(ExecutorCommitsTest, WaitsForAllWhoWantItCommittedTo) {
  open(1, a_);
  open(2, b_);
  hear(1, committing(7, 0));
  const auto launch = only<Launch>();
  hear(2, committing(8, 0));
  step(ExecutionEnded{launch.execution, signed_finish(), 1000, 5});
  EXPECT_EQ(sent<Commit>(1).size(), 1U);
  EXPECT_EQ(sent<Commit>(2).size(), 1U);
  hear(1, Reveal{{7}});
  EXPECT_EQ(sent<Finish>(1).size(), 1U);
  EXPECT_TRUE(sent<Finish>(2).empty());
  ask_if_known(1, 9, 0);
  EXPECT_EQ(sent<Unknown>(1).size(), 1U);
  hear(2, Reveal{{8}});
  EXPECT_EQ(sent<Finish>(2).size(), 1U);
}

TEST_F(ExecutorCommitsTest, TellsOthersWhenNobodyRevealsForLong) {
  ExecutorLimits limits;
  limits.withhold_ns = 10 * kSecond;
  limit(limits);
  open(1, a_);
  open(2, b_);
  hear(1, committing(7, 0));
  const auto launch = only<Launch>();
  Offer patient = offer(8, 0);
  patient.lease_ms = 60'000;
  hear(2, patient);
  step(ExecutionEnded{launch.execution, signed_finish(), 1000, 5});
  for (int second = 0; second < 9; ++second) {
    pass(kSecond);
    hear(1, Heartbeat{});
  }
  EXPECT_TRUE(sent<Finish>(2).empty());
  pass(2 * kSecond);
  EXPECT_EQ(sent<Finish>(2).size(), 1U);
  EXPECT_TRUE(sent<Finish>(1).empty()) << "it still has to ask";
  hear(1, Reveal{{7}});
  EXPECT_EQ(sent<Finish>(1).size(), 1U);
}

TEST_F(ExecutorCommitsTest, CommitsThoughAnotherWasNotToldToRevealForLong) {
  ExecutorLimits limits;
  limits.withhold_ns = 10 * kSecond;
  limit(limits);
  open(1, a_);
  commit(1, 7, 0);
  for (int second = 0; second < 12; ++second) {
    pass(kSecond);
    hear(1, Heartbeat{});
  }
  open(2, b_);
  commit(2, 8, 0);
  EXPECT_EQ(only_sent<Commit>(2).call, 8U);
  EXPECT_TRUE(sent<Finish>(2).empty()) << "it would be taken for a liar";
  hear(2, Reveal{{8}});
  EXPECT_EQ(sent<Finish>(2).size(), 1U);
}

TEST_F(ExecutorCommitsTest, TellsOthersWhenWhoWantedItHasGone) {
  open(1, a_);
  open(2, b_);
  Offer patient = offer(8, 0);
  patient.lease_ms = 60'000;
  hear(2, patient);
  const auto first = only<Launch>();
  hear(1, committing(7, 0));
  step(ExecutionEnded{first.execution, Finish{0, true, {1}, {}, {}}, 1000, 5});
  EXPECT_TRUE(sent<Finish>(2).empty());
  const auto again = only<Launch>();
  EXPECT_TRUE(again.job->fresh) << "what was known is no execution";
  step(ExecutionEnded{again.execution, signed_finish(), 1000, 5});
  EXPECT_EQ(sent<Commit>(1).size(), 1U);
  pass(6 * kSecond);
  EXPECT_EQ(sent<Finish>(2).size(), 1U) << "its lease is over";
  hear(2, offer(9, 0));
  step(ExecutionEnded{only<Launch>().execution, signed_finish(), 1000, 5});
  EXPECT_EQ(sent<Finish>(2).size(), 1U) << "it is no secret any more";
}

TEST_F(ExecutorCommitsTest, TellsAFailureAtOnce) {
  open(1, a_);
  hear(1, committing(7, 0));
  step(ExecutionEnded{only<Launch>().execution, Failure{0, FailureKind::kFuel, ""}, 1000, 5});
  EXPECT_EQ(sent<Failure>(1).size(), 1U);
  open(2, b_);
  ask_if_known(2, 9, 0);
  EXPECT_EQ(all<LookUp>().size(), 1U) << "there is nothing to keep";
}

TEST_F(ExecutorCommitsTest, CommitsAgainOverAnotherLink) {
  open(1, a_);
  commit(1, 7, 0);
  const Commit before = only_sent<Commit>(1);
  step(LinkClosed{mesh::StreamId{1}});
  open(2, a_);
  hear(2, committing(7, 0));
  EXPECT_EQ(only_sent<Commit>(2), before);
  hear(2, Reveal{{7}});
  EXPECT_EQ(sent<Finish>(2).size(), 1U);
}

TEST_F(ExecutorCommitsTest, HoldsTheLeaseOfACommittedCall) {
  open(1, a_);
  commit(1, 7, 0);
  pass(4 * kSecond);
  EXPECT_FALSE(sent<Heartbeat>(1).empty()) << "the requester sees that it is still there";
  hear(1, Heartbeat{});
  pass(4 * kSecond);
  hear(1, Reveal{{7}});
  EXPECT_EQ(sent<Finish>(1).size(), 1U);
}

TEST_F(ExecutorCommitsTest, ForgetsWhatWasCancelledOrIsHandedBack) {
  open(1, a_);
  commit(1, 7, 0);
  hear(1, Cancel{7});
  hear(1, Reveal{{7}});
  EXPECT_TRUE(all<SendTo>().empty());
  commit(1, 8, 1);
  open(2, b_);
  hear(2, offer(9, 1));
  step(ExecutionEnded{only<Launch>().execution, signed_finish(), 1000, 5});
  step(Drain{.also_running = true});
  EXPECT_EQ(only_sent<Refuse>(1).call, 8U);
  EXPECT_EQ(sent<Finish>(2).size(), 1U);
}

TEST_F(ExecutorCommitsTest, CancelsWhoWaitsForAnothersAnswer) {
  open(1, a_);
  open(2, b_);
  commit(1, 7, 0);
  for (CallNumber call = 100; call < 200; ++call) {
    hear(2, offer(call, 0));
    step(ExecutionEnded{only<Launch>().execution, signed_finish(), 1000, 5});
    hear(2, Cancel{call});
  }
  hear(1, Reveal{{7}});
  EXPECT_EQ(all<SendTo>().size(), 1U);
  EXPECT_EQ(side_->load().kept, 1U);
}

}  // namespace
}  // namespace timerose::scheduler::execute
