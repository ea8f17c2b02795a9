// What requesters can make an executor hold, and send.
#include <gtest/gtest.h>

#include "scheduler/execute/executor_side_testing.h"

namespace timerose::scheduler::execute {
namespace {

class ExecutorMemoryTest : public testing_executor::ExecutorSideTest {
 protected:
  static constexpr size_t kArguments = 20'000;
  static constexpr uint64_t kBytesMax = 4U << 20;

  ExecutorMemoryTest() {
    ExecutorLimits limits;
    limits.bytes_of_requester_max = kBytesMax;
    limit(limits);
  }
  // One byte each in the Invocation's block.
  static Bytes of_empty_arguments(size_t count, int number) {
    compute::Invocation call(Cid::of_sha256(Codec::kRaw, as_bytes("module")));
    call.entry = "f" + std::to_string(number);
    call.args.resize(count);
    return call.encode().value();
  }
  static Offer large(CallNumber call) {
    Offer offer = ExecutorSideTest::offer(call, 0);
    offer.invocation = of_empty_arguments(kArguments, static_cast<int>(call));
    return offer;
  }
};

TEST_F(ExecutorMemoryTest, ACallCountsForWhatItTakesWhenItIsRead) {
  open(1, a_);
  size_t taken = 0;
  for (CallNumber call = 0; call < 20; ++call) {
    hear(1, large(call));
    taken += sent<Busy>(1).empty() ? 1 : 0;
  }
  EXPECT_GT(taken, 0U);
  EXPECT_LE(taken * kArguments * sizeof(std::string), kBytesMax);
}

TEST_F(ExecutorMemoryTest, ACallThatNeverFitsIsRefused) {
  view_.trusted.clear();
  view_.open = true;
  open(1, a_);
  hear(1, large(1));
  EXPECT_EQ(only_sent<Refuse>(1).reason, RefuseReason::kLimit);
  EXPECT_EQ(side_->load().waiting + side_->load().running, 0U);
}

TEST_F(ExecutorMemoryTest, AProbeCountsUntilItIsLookedInto) {
  open(1, a_);
  std::vector<Survey> looked_into;
  for (CallNumber call = 0; call < 20; ++call) {
    hear(1, Probe{call, of_empty_arguments(kArguments, 0), {}});
    for (const Survey& one : all<Survey>()) looked_into.push_back(one);
  }
  EXPECT_GT(looked_into.size(), 0U);
  EXPECT_LE(looked_into.size() * kArguments * sizeof(std::string), kBytesMax);
  for (const Survey& one : looked_into) step(Surveyed{one.question, {}});
  hear(1, Probe{100, of_empty_arguments(kArguments, 0), {}});
  EXPECT_EQ(all<Survey>().size(), 1U) << "there is room again";
}

TEST_F(ExecutorMemoryTest, PiecesOfALogGoTogetherUpToALimit) {
  const auto piece = [](uint64_t position, size_t bytes, Written stream = Written::kStdout) {
    return LogWritten{ExecutionId{1}, Log{0, stream, position, Bytes(bytes, uint8_t{'x'})}};
  };
  LogWritten log = piece(10, 2);
  EXPECT_TRUE(append(log, piece(12, 3)));
  EXPECT_EQ(log.log, piece(10, 5).log);
  EXPECT_FALSE(append(log, piece(16, 1))) << "one is missing between";
  EXPECT_FALSE(append(log, piece(15, 1, Written::kStderr)));
  EXPECT_FALSE(append(log, LogWritten{ExecutionId{2}, piece(15, 1).log}));
  EXPECT_FALSE(append(log, piece(15, kLogPieceBytesMax - 4)));
  EXPECT_TRUE(append(log, piece(15, kLogPieceBytesMax - 5)));
}

TEST_F(ExecutorMemoryTest, AnAnswerIsSentOnceOverALink) {
  open(1, a_);
  Finish large_one = finish();
  large_one.blocks = {{Cid::of_sha256(Codec::kRaw, as_bytes("b")), Bytes(200'000)}};
  step(ExecutionEnded{begin(1, 7, 0), large_one, 1000, 5});
  EXPECT_EQ(sent<Finish>(1).size(), 1U);
  for (int times = 0; times < 3; ++times) {
    hear(1, offer(7, 0));
    EXPECT_TRUE(all<SendTo>().empty());
  }
  open(2, a_);
  hear(2, offer(7, 0));
  EXPECT_EQ(sent<Finish>(2).size(), 1U);
  hear(2, offer(7, 0));
  EXPECT_TRUE(all<SendTo>().empty());
}

}  // namespace
}  // namespace timerose::scheduler::execute
