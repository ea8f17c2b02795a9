#include "scheduler/verify/commit_round.h"

#include <gtest/gtest.h>

namespace timerose::scheduler::verify {
namespace {

TEST(CommitRound, RevealsWhenAllHaveCommitted) {
  CommitRound round;
  EXPECT_FALSE(round.may_reveal());
  round.asked(1);
  round.asked(2);
  round.committed(1);
  EXPECT_EQ(round.reveal(), std::vector<uint64_t>{});
  round.committed(2);
  EXPECT_EQ(round.reveal(), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(round.reveal(), std::vector<uint64_t>{}) << "once";
}

TEST(CommitRound, WaitsForNobodyWhoHasGone) {
  CommitRound round;
  round.asked(1);
  round.asked(2);
  round.committed(1);
  round.ended(2);
  round.committed(3);
  EXPECT_EQ(round.reveal(), std::vector<uint64_t>{1});
  round.asked(4);
  EXPECT_FALSE(round.may_reveal()) << "what comes later is another round";
}

}  // namespace
}  // namespace timerose::scheduler::verify
