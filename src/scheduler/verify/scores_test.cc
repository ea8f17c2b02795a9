#include "scheduler/verify/scores.h"

#include <gtest/gtest.h>

namespace timerose::scheduler::verify {
namespace {

class ScoresTest : public ::testing::Test {
 protected:
  static PeerId node(uint8_t number, uint8_t more = 0) {
    return PeerId::of(PrivateKey::from_seed({number, more}).public_key());
  }
  void note(int times, const PeerId& node, const ContentKey& function, Seen seen) {
    for (int i = 0; i < times; ++i) scores_.note(now_ns_, node, function, seen);
  }
  [[nodiscard]] double rate(const PeerId& node, const ContentKey& function) const {
    return scores_.spot_check_rate(now_ns_, node, function);
  }

  const ScoreLimits limits_;
  Scores scores_{limits_};
  uint64_t now_ns_ = 1000 * ScoreLimits::kDayNs;
  const PeerId a_ = node(1);
  const PeerId b_ = node(2);
  const ContentKey f_{1, 1};
  const ContentKey g_{2, 2};
};

TEST_F(ScoresTest, CheckEveryAnswerOfAStranger) { EXPECT_EQ(rate(a_, f_), 1); }

TEST_F(ScoresTest, CheckLessTheMoreWasRightButNeverNothing) {
  double before = 1;
  for (int i = 0; i < 100; ++i) {
    note(1, a_, f_, Seen::kGood);
    EXPECT_LT(rate(a_, f_), before);
    before = rate(a_, f_);
  }
  note(100'000, a_, f_, Seen::kGood);
  EXPECT_EQ(rate(a_, f_), limits_.rate_min);
  EXPECT_EQ(rate(b_, f_), 1) << "it is another's record";
}

TEST_F(ScoresTest, HalveTheRateAfterAsManyAsIsSaid) {
  note(2, a_, f_, Seen::kGood);
  EXPECT_DOUBLE_EQ(rate(a_, f_), 0.5);
}

TEST_F(ScoresTest, CountARecordWithOtherFunctionsForLittle) {
  note(20, a_, f_, Seen::kGood);
  EXPECT_DOUBLE_EQ(rate(a_, g_), 0.5);
}

TEST_F(ScoresTest, ForgetAGoodRecordAtOneFault) {
  note(100'000, a_, f_, Seen::kGood);
  note(100'000, a_, g_, Seen::kGood);
  note(1, a_, f_, Seen::kFalseMetering);
  EXPECT_EQ(rate(a_, f_), 1);
  EXPECT_EQ(rate(a_, g_), 1) << "who forges one answer may forge any";
  EXPECT_FALSE(scores_.is_avoided(now_ns_, a_));
  EXPECT_TRUE(scores_.is_suspect(now_ns_, a_));
  EXPECT_FALSE(scores_.is_suspect(now_ns_, b_));
  note(2, a_, g_, Seen::kGood);
  EXPECT_DOUBLE_EQ(rate(a_, g_), 0.5) << "a record is earned afresh";
}

TEST_F(ScoresTest, AvoidALiarUntilItHasFaded) {
  note(1, a_, f_, Seen::kFalseOutcome);
  EXPECT_TRUE(scores_.is_avoided(now_ns_, a_));
  now_ns_ += limits_.half_life_ns - 1;
  EXPECT_TRUE(scores_.is_avoided(now_ns_, a_));
  now_ns_ += 2;
  EXPECT_FALSE(scores_.is_avoided(now_ns_, a_));
  EXPECT_EQ(rate(a_, f_), 1);
  note(1, a_, f_, Seen::kFalseOutcome);
  now_ns_ += limits_.half_life_ns + 2;
  EXPECT_TRUE(scores_.is_avoided(now_ns_, a_)) << "longer the second time";
}

TEST_F(ScoresTest, ForgiveNothingWhenTheClockIsSetBack) {
  note(1, a_, f_, Seen::kBrokenCommit);
  now_ns_ -= 50 * limits_.half_life_ns;
  EXPECT_TRUE(scores_.is_avoided(now_ns_, a_));
}

TEST_F(ScoresTest, FadeAGoodRecord) {
  note(2, a_, f_, Seen::kGood);
  now_ns_ += 10 * limits_.half_life_ns;
  EXPECT_GT(rate(a_, f_), 0.99);
}

TEST_F(ScoresTest, TellTheWorstFirst) {
  note(1, a_, f_, Seen::kFalseOutcome);
  note(2, b_, f_, Seen::kFalseOutcome);
  note(1, node(3), f_, Seen::kGood);
  EXPECT_EQ(scores_.avoided(now_ns_, 10), (std::vector{b_, a_}));
  EXPECT_EQ(scores_.avoided(now_ns_, 1), std::vector{b_});
}

TEST_F(ScoresTest, AreTheSameAfterTheyWereKept) {
  note(3, a_, f_, Seen::kGood);
  note(1, b_, g_, Seen::kFalseOutcome);
  Scores again(limits_);
  for (const auto& entry : scores_.entries()) again.restore(entry);
  EXPECT_EQ(again.spot_check_rate(now_ns_, a_, f_), rate(a_, f_));
  EXPECT_EQ(again.avoided(now_ns_, 9), scores_.avoided(now_ns_, 9));
  EXPECT_EQ(again.changes(), 0U);
}

TEST_F(ScoresTest, HoldTheirLimitsAndRememberLiarsLongest) {
  ScoreLimits small;
  small.nodes_max = 16;
  small.functions_max = 16;
  Scores scores(small);
  scores.note(now_ns_, a_, f_, Seen::kFalseOutcome);
  for (uint8_t i = 0; i < 200; ++i) scores.note(++now_ns_, node(3, i), f_, Seen::kGood);
  EXPECT_TRUE(scores.is_avoided(now_ns_, a_));
  EXPECT_LE(scores.entries().size(), 32U);
  EXPECT_LT(scores.spot_check_rate(now_ns_, node(3, 199), f_), 1) << "the newest are kept";
}

class LessonsTest : public ScoresTest {
 protected:
  Answer by(uint8_t number, std::string_view outcome, Standing standing = Standing::kTrusted) {
    return {node(number), "", standing, Cid::of_sha256(Codec::kDagCbor, as_bytes(outcome)),
            std::nullopt, {}};
  }
  void learn(const Wish& wish, const std::vector<Answer>& answers) {
    scores_.learn(now_ns_, f_, judge(wish, answers), answers);
  }
};

TEST_F(LessonsTest, AreOfCheckedAnswersOnly) {
  learn({Policy::kTrust, 1, 1, true}, {by(1, "right")});
  EXPECT_EQ(rate(a_, f_), 1);
  learn({Policy::kSelf, 1, 1, true}, {by(1, "right"), by(9, "right", Standing::kSelf)});
  EXPECT_LT(rate(a_, f_), 1);
  EXPECT_EQ(rate(node(9), f_), 1) << "nothing of this node itself";
  learn({Policy::kQuorum, 2, 6, true}, {by(2, "right"), by(3, "right")});
  EXPECT_LT(rate(b_, f_), 1);
}

TEST_F(LessonsTest, AreThatLiarsLied) {
  learn({Policy::kQuorum, 2, 6, true}, {by(1, "right"), by(2, "wrong"), by(3, "right")});
  EXPECT_FALSE(scores_.is_avoided(now_ns_, a_));
  EXPECT_TRUE(scores_.is_avoided(now_ns_, b_));
}

TEST_F(LessonsTest, AreThatANodeWasAtFaultThoughItsLastAnswerWasRight) {
  learn({Policy::kQuorum, 2, 6, true},
        {by(1, "right"), by(3, "right"), by(2, "wrong"), by(2, "right")});
  EXPECT_TRUE(scores_.is_avoided(now_ns_, b_));
}

}  // namespace
}  // namespace timerose::scheduler::verify
