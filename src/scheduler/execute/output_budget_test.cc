#include "scheduler/execute/output_budget.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "multiformats/peer_testing.h"

namespace timerose::scheduler::execute {
namespace {

using ::testing::HasSubstr;

TEST(OutputBudget, BoundsWhatCallsOfOneRequesterHold) {
  OutputBudget budget({.of_requester_max = 10, .of_all_max = 100});
  OutputBudget::Room one(budget, numbered_peer(1));
  OutputBudget::Room two(budget, numbered_peer(1));
  OutputBudget::Room other(budget, numbered_peer(2));
  EXPECT_TRUE(one.take(6).ok());
  const Status refused = two.take(5);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimitExceeded);
  EXPECT_THAT(refused.error().message, HasSubstr("6 bytes that calls of yours"));
  EXPECT_FALSE(two.take(UINT64_MAX).ok());
  EXPECT_TRUE(two.take(4).ok());
  EXPECT_TRUE(other.take(10).ok());
}

TEST(OutputBudget, BoundsWhatAllHold) {
  OutputBudget budget({.of_requester_max = 10, .of_all_max = 15});
  OutputBudget::Room one(budget, numbered_peer(1));
  OutputBudget::Room other(budget, numbered_peer(2));
  EXPECT_TRUE(one.take(10).ok());
  EXPECT_THAT(other.take(6).error().message, HasSubstr("10 bytes that calls of others"));
  EXPECT_TRUE(other.take(5).ok());
}

TEST(OutputBudget, HasBackWhatAnEndedCallTook) {
  OutputBudget budget({.of_requester_max = 10, .of_all_max = 10});
  {
    OutputBudget::Room one(budget, numbered_peer(1));
    EXPECT_TRUE(one.take(4).ok());
    EXPECT_TRUE(one.take(6).ok());
    EXPECT_FALSE(one.take(1).ok());
  }
  OutputBudget::Room other(budget, numbered_peer(2));
  EXPECT_TRUE(other.take(10).ok());
}

}  // namespace
}  // namespace timerose::scheduler::execute
