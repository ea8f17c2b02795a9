#include "scheduler/memo/memo_search.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "scheduler/testing.h"

namespace timerose::scheduler::memo {
namespace {

using verify::Policy;
using verify::Standing;

PeerId peer(uint32_t number) { return PeerId::of(testing::key_of(number).public_key()); }

ContentKey function() { return {1, 2}; }

class MemoSearchTest : public ::testing::Test {
 protected:
  MemoSearchTest() { call_.self = peer(0); }

  // What is done, as words: "find, ask 1, leave 2, found 3 by 1".
  std::string words(const std::vector<SearchAction>& actions) {
    std::string out;
    for (const SearchAction& action : actions) {
      if (!out.empty()) out += ", ";
      out += std::visit([this](const auto& one) { return word(one); }, action);
    }
    return out;
  }
  std::string start(std::initializer_list<uint32_t> likely, double round_trip_s = 0.001) {
    search_ = std::make_unique<MemoSearch>(yield_, call_);
    std::vector<Likely> nodes;
    for (const uint32_t number : likely) nodes.push_back({peer(number), round_trip_s});
    return words(search_->start(now_ms_, nodes));
  }
  std::string step(const SearchEvent& event) { return words(search_->step(now_ms_, event)); }
  std::string says_nothing(uint32_t number) { return step(PeerSaid{peer(number), std::nullopt}); }
  // By a receipt that `signer` signed.
  std::string says(uint32_t number, std::string_view outcome, Standing standing,
                   std::optional<uint32_t> signer = {}) {
    const verify::Answer answer{peer(signer.value_or(number)),
                                "",
                                standing,
                                Cid::of_sha256(Codec::kDagCbor, as_bytes(outcome)),
                                {},
                                {}};
    return step(PeerSaid{peer(number), answer});
  }

  uint64_t now_ms_ = 1'000'000;
  MemoYield yield_{7};
  SearchCall call_{function(), 10.0, {}, {}};
  std::unique_ptr<MemoSearch> search_;

 private:
  static uint32_t number_of(const PeerId& wanted) {
    for (uint32_t number = 0; number < 100; ++number) {
      if (peer(number) == wanted) return number;
    }
    return 100;
  }
  static std::string word(const FindHolders& /*action*/) { return "find"; }
  static std::string word(const AskPeer& action) {
    return fmt::format("ask {}", number_of(action.peer));
  }
  static std::string word(const LeavePeer& action) {
    return fmt::format("leave {}", number_of(action.peer));
  }
  static std::string word(const EndSearch& action) {
    if (action.answers.empty()) return "nothing";
    std::string out = "known of";
    for (const verify::Answer& answer : action.answers) {
      out += fmt::format(" {}", number_of(answer.executor));
    }
    return out + fmt::format(" by {}", number_of(*action.told_by));
  }
};

TEST_F(MemoSearchTest, TheFirstAnswerThatIsBelievedEndsIt) {
  EXPECT_EQ(start({1, 2}), "find, ask 1, ask 2");
  EXPECT_EQ(says(2, "outcome", Standing::kTrusted), "leave 1, known of 2 by 2");
  EXPECT_EQ(says(1, "outcome", Standing::kTrusted), "") << "it has ended";
  EXPECT_EQ(search_->next_ms(), std::nullopt);
}

TEST_F(MemoSearchTest, WhatCountsIsWhoSignedNotWhoTells) {
  start({1, 2});
  EXPECT_EQ(says(1, "outcome", Standing::kStranger), "");
  EXPECT_EQ(says(2, "outcome", Standing::kTrusted, 9), "known of 9 by 2");
}

TEST_F(MemoSearchTest, AQuorumTakesAnswersOfSeveral) {
  call_.verify = {Policy::kQuorum, 2, 6, true};
  start({1, 2, 3});
  EXPECT_EQ(says(1, "outcome", Standing::kTrusted), "");
  EXPECT_EQ(says(2, "outcome", Standing::kTrusted, 1), "") << "the same executor again";
  EXPECT_EQ(says(3, "outcome", Standing::kTrusted), "known of 1 1 3 by 1");
}

TEST_F(MemoSearchTest, StrangersWhoSayThatTheyKnowAreNoneOfAQuorum) {
  call_.verify = {Policy::kQuorum, 2, 6, true};
  start({1, 2, 3});
  EXPECT_EQ(says(1, "outcome", Standing::kStranger), "");
  EXPECT_EQ(says(2, "outcome", Standing::kTrusted), "");
  EXPECT_EQ(says(3, "outcome", Standing::kStranger), "");
  EXPECT_EQ(step(HoldersEnded{}), "known of 2 by 2") << "another has to execute the call";
}

TEST_F(MemoSearchTest, TooFewForAQuorumAreABeginning) {
  call_.verify = {Policy::kQuorum, 2, 6, true};
  start({1});
  EXPECT_EQ(says(1, "outcome", Standing::kTrusted), "");
  EXPECT_EQ(step(HoldersEnded{}), "known of 1 by 1");
}

TEST_F(MemoSearchTest, AnswersThatDifferAreNoBeginning) {
  call_.verify = {Policy::kQuorum, 3, 6, true};
  start({1, 2});
  says(1, "outcome", Standing::kTrusted);
  says(2, "another", Standing::kTrusted);
  EXPECT_EQ(step(HoldersEnded{}), "nothing");
}

TEST_F(MemoSearchTest, NobodyIsAskedWhereOnlyAnExecutionOfItsOwnIsBelieved) {
  call_.verify.policy = Policy::kSelf;
  EXPECT_EQ(start({1, 2}), "nothing");
}

TEST_F(MemoSearchTest, WhoeverTheRoutingNamesIsAskedNext) {
  EXPECT_EQ(start({1, 2, 3, 4, 5}), "find, ask 1, ask 2, ask 3, ask 4");
  EXPECT_EQ(step(HoldersFound{{peer(7), peer(1), peer(0)}}), "");
  EXPECT_EQ(says_nothing(1), "ask 7") << "not the asker itself, and nobody twice";
  EXPECT_EQ(says_nothing(7), "ask 5");
}

TEST_F(MemoSearchTest, ItEndsWhenAllHaveSpoken) {
  start({1, 2});
  EXPECT_EQ(says_nothing(1), "");
  EXPECT_EQ(step(HoldersEnded{}), "");
  EXPECT_EQ(says_nothing(2), "nothing");
}

TEST_F(MemoSearchTest, SoManyAreAskedAndNoMore) {
  start({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  std::string last;
  for (uint32_t number = 1; number <= MemoSearch::kPeersAskedMax; ++number) {
    last = says_nothing(number);
  }
  EXPECT_EQ(last, "");
  EXPECT_EQ(step(HoldersEnded{}), "nothing");
}

TEST_F(MemoSearchTest, ItTakesNoLongerThanItsTime) {
  start({1});
  EXPECT_EQ(search_->next_ms(), now_ms_ + MemoSearch::kWithin_ms);
  now_ms_ += MemoSearch::kWithin_ms;
  EXPECT_EQ(step(TimeIsUp{}), "leave 1, nothing");
}

TEST_F(MemoSearchTest, NorLongerThanTheCallIsExpectedToTake) {
  call_.run_s = 0.02;
  start({1});
  EXPECT_EQ(search_->next_ms(), now_ms_ + 20);
}

TEST_F(MemoSearchTest, ACallThatIsQuickerThanTheQuestionIsNotAskedFor) {
  call_.run_s = 0.001;
  EXPECT_EQ(start({1, 2}, 0.001), "nothing");
  EXPECT_EQ(start({1}, 0.0001), "ask 1") << "near enough; the routing is not";
}

TEST_F(MemoSearchTest, QuestionsThatNeverFindAnythingAreGivenUp) {
  call_.run_s = 0.5;
  int asked = 0;
  while (start({1}, 0.02) != "nothing" && ++asked < 1000) {
    says_nothing(1);
    if (!search_->is_ended()) step(HoldersEnded{});
  }
  EXPECT_GT(asked, 4);
  EXPECT_LT(asked, 50);
  call_.run_s = 60;
  EXPECT_NE(start({1}, 0.02), "nothing") << "a long call is worth one";
}

TEST(MemoYield, LearnsHowOftenAFunctionsAnswersAreKnown) {
  MemoYield yield(7);
  EXPECT_DOUBLE_EQ(yield.rate(function(), Way::kDirect), 0.5);
  for (int i = 0; i < 200; ++i) yield.note(function(), Way::kDirect, i % 4 == 0);
  EXPECT_NEAR(yield.rate(function(), Way::kDirect), 0.25, 0.05);
  EXPECT_DOUBLE_EQ(yield.rate(function(), Way::kRouting), 0.5);
  for (int i = 0; i < 200; ++i) yield.note(function(), Way::kDirect, false);
  EXPECT_LT(yield.rate(function(), Way::kDirect), 0.05);
  EXPECT_GT(yield.rate(function(), Way::kDirect), 0.0);
}

}  // namespace
}  // namespace timerose::scheduler::memo
