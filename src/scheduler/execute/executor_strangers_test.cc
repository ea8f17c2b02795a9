// Open mode: what those get whom nobody trusts.
#include "scheduler/execute/executor_side_testing.h"

namespace timerose::scheduler::execute {
namespace {

using namespace testing_executor;

class StrangersTest : public ExecutorSideTest {
 protected:
  StrangersTest() {
    view_.open = true;
    open(1, a_);
    open(2, c_);
    open(3, d_);
  }
  const PeerId c_ = numbered_peer(3);
  const PeerId d_ = numbered_peer(4);
};

TEST_F(StrangersTest, AreServed) {
  const ExecutionId id = begin(2, 1, 1);
  step(ExecutionEnded{id, finish(), 1, 1});
  EXPECT_EQ(only_sent<Finish>(2).call, 1U);
}

TEST_F(StrangersTest, AreGivenLessFuelForACall) {
  Offer much = offer(1, 1);
  much.fuel = StrangerLimits().fuel_of_call_max + 1;
  hear(2, much);
  EXPECT_EQ(only_sent<Refuse>(2).reason, RefuseReason::kLimit);
  hear(1, much);
  EXPECT_TRUE(sent<Refuse>(1).empty());
}

TEST_F(StrangersTest, TakeTurnsAsOneRequester) {
  ExecutorLimits limits;
  limits.running_max = 2;
  limit(limits);
  open(1, a_);
  open(2, c_);
  open(3, d_);
  hear(2, offer(1, 1));
  EXPECT_EQ(all<Launch>().size(), 1U);
  hear(3, offer(1, 2));  // one place for all of them
  EXPECT_EQ(all<Launch>().size(), 0U);
  hear(1, offer(1, 3));
  EXPECT_EQ(all<Launch>().size(), 1U);
}

TEST_F(StrangersTest, AreHeldToTheirCalls) {
  ExecutorLimits limits;
  limits.strangers.calls_of_each_max = 2;
  limits.strangers.calls_max = 3;
  limit(limits);
  open(1, a_);
  open(2, c_);
  open(3, d_);
  hear(2, offer(1, 1));
  hear(2, offer(2, 2));
  hear(2, offer(3, 3));
  EXPECT_EQ(only_sent<Busy>(2).call, 3U);  // its own
  hear(3, offer(1, 4));
  EXPECT_TRUE(sent<Busy>(3).empty());
  hear(3, offer(2, 5));
  EXPECT_EQ(only_sent<Busy>(3).call, 2U);  // all strangers'
  hear(1, offer(1, 6));
  EXPECT_TRUE(sent<Busy>(1).empty());
  hear(2, Cancel{2});
  hear(3, offer(3, 7));
  EXPECT_TRUE(sent<Busy>(3).empty());
}

TEST_F(StrangersTest, AreHeldToTheirBytes) {
  ExecutorLimits limits;
  limits.strangers.bytes_of_each_max = kAnswerBytes;
  limit(limits);
  open(1, a_);
  open(2, c_);
  hear(2, offer(1, 1));
  EXPECT_TRUE(sent<Busy>(2).empty());
  hear(2, offer(2, 2));
  EXPECT_EQ(only_sent<Busy>(2).call, 2U);
}

TEST_F(StrangersTest, ShareTheirFuelOfAMinute) {
  ExecutorLimits limits;
  limits.strangers.fuel_a_minute = 60'000;
  limit(limits);
  open(1, a_);
  open(2, c_);
  open(3, d_);
  const ExecutionId id = begin(2, 1, 1);
  step(ExecutionEnded{id, finish(), 1, 60'000});
  hear(3, offer(1, 2));
  EXPECT_NE(only_sent<Busy>(3).message.find("strangers'"), std::string::npos);
  hear(1, offer(1, 3));
  EXPECT_TRUE(sent<Busy>(1).empty());
  pass(2 * kSecond);
  hear(3, offer(2, 2));
  EXPECT_TRUE(sent<Busy>(3).empty());
}

TEST_F(StrangersTest, AreAskedFewQuestionsAtATime) {
  for (CallNumber call = 1; call <= StrangerLimits().questions_of_each_max; ++call) {
    hear(2, Probe{call, invocation(1), {}});
    EXPECT_TRUE(sent<Busy>(2).empty());
  }
  hear(2, Probe{100, invocation(1), {}});
  EXPECT_EQ(only_sent<Busy>(2).call, 100U);
}

}  // namespace
}  // namespace timerose::scheduler::execute
