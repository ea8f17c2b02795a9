#include "scheduler/verify/quorum.h"

#include <gtest/gtest.h>

namespace timerose::scheduler::verify {
namespace {

const Cid kRight = Cid::of_sha256(Codec::kDagCbor, as_bytes("right"));
const Cid kWrong = Cid::of_sha256(Codec::kDagCbor, as_bytes("wrong"));
const Cid kOther = Cid::of_sha256(Codec::kDagCbor, as_bytes("other"));

compute::Metering used(uint64_t fuel, const std::string& engine = "wasmtime 48") {
  return {std::make_shared<const compute::EngineName>(compute::EngineName{engine, ""}), fuel,
          65536};
}

Answer by(uint8_t key, const Cid& outcome, std::string operator_name = "",
          Standing standing = Standing::kStranger) {
  return {PeerId::of(PrivateKey::from_seed({key}).public_key()),
          std::move(operator_name),
          standing,
          outcome,
          std::nullopt,
          used(100)};
}
Answer own(const Cid& outcome) { return by(99, outcome, "", Standing::kSelf); }
Answer verifier(uint8_t key, const Cid& outcome) {
  return by(key, outcome, "", Standing::kVerifier);
}
Answer trusted(uint8_t key, const Cid& outcome) { return by(key, outcome, "", Standing::kTrusted); }

Wish quorum(uint32_t k, uint32_t of) { return {Policy::kQuorum, k, of, true}; }
Wish wish(Policy policy) { return {policy, 1, 1, true}; }

Judgement judged(const Wish& wish, const std::vector<Answer>& answers) {
  return judge(wish, answers);
}
using Places = std::vector<size_t>;

TEST(Quorum, IsEqualOutcomesOfExecutorsThatStandApart) {
  EXPECT_EQ(judged(quorum(2, 6), {}).more, 2U);
  EXPECT_EQ(judged(quorum(2, 6), {by(1, kRight)}).next, Next::kAskMore);
  EXPECT_EQ(judged(quorum(2, 6), {by(1, kRight)}).more, 1U);
  const auto judgement = judged(quorum(2, 6), {by(1, kRight), by(2, kRight)});
  EXPECT_EQ(judgement.next, Next::kAccept);
  EXPECT_EQ(judgement.outcome, kRight);
  EXPECT_EQ(judgement.supporters, (Places{0, 1}));
  EXPECT_FALSE(judgement.disagreement);
}

TEST(Quorum, CountsAnExecutorAndAnOperatorOnce) {
  EXPECT_EQ(judged(quorum(2, 6), {by(1, kRight), by(1, kRight)}).next, Next::kAskMore);
  EXPECT_EQ(judged(quorum(2, 6), {by(1, kRight, "ann"), by(2, kRight, "ann")}).more, 1U);
  EXPECT_EQ(judged(quorum(2, 6), {by(1, kRight, "ann"), by(2, kRight, "bo")}).next, Next::kAccept);
  EXPECT_EQ(judged(quorum(2, 6), {by(1, kRight, "ann"), by(2, kRight)}).next, Next::kAccept);
}

TEST(Quorum, AsksMoreUntilOneOutcomeHasEnough) {
  const auto split = judged(quorum(2, 6), {by(1, kRight), by(2, kWrong)});
  EXPECT_EQ(split.next, Next::kAskMore);
  EXPECT_EQ(split.more, 1U);
  EXPECT_TRUE(split.disagreement);
  EXPECT_EQ(split.losers, Places{}) << "nobody knows yet who lied";
  const auto decided = judged(quorum(2, 6), {by(1, kRight), by(2, kWrong), by(3, kRight)});
  EXPECT_EQ(decided.outcome, kRight);
  EXPECT_EQ(decided.losers, Places{1});
}

TEST(Quorum, TakesNeitherOfTwoOutcomesThatHaveAsMany) {
  const std::vector<Answer> answers{by(1, kRight), by(2, kRight), by(3, kWrong), by(4, kWrong)};
  EXPECT_EQ(judged(quorum(2, 6), answers).next, Next::kAskMore);
  EXPECT_EQ(judged(quorum(2, 4), answers).next, Next::kRunHere);
  Wish others_only = quorum(2, 4);
  others_only.may_run_here = false;
  EXPECT_EQ(judged(others_only, answers).next, Next::kUndecided);
}

TEST(Quorum, NeverAsksForMoreThanMayAnswer) {
  EXPECT_EQ(judged(quorum(3, 4), {by(1, kRight), by(2, kWrong), by(3, kOther)}).more, 1U);
  EXPECT_EQ(judged(quorum(3, 3), {by(1, kRight), by(2, kWrong), by(3, kOther)}).next,
            Next::kRunHere);
}

TEST(Quorum, LetsItsOwnExecutionSettleADisagreement) {
  const auto judgement = judged(quorum(2, 6), {by(1, kWrong), by(2, kWrong), own(kRight)});
  EXPECT_EQ(judgement.outcome, kRight) << "not what contradicts what was seen here";
  EXPECT_EQ(judgement.losers, (Places{0, 1}));
  EXPECT_EQ(judged(quorum(2, 6), {own(kRight)}).next, Next::kAskMore) << "it is only one";
  EXPECT_EQ(judged(quorum(2, 6), {own(kRight), by(1, kRight)}).next, Next::kAccept);
}

TEST(Quorum, IsSettledByOneExecutionHereWhereOneOperatorRunsAll) {
  const std::vector<Answer> theirs{by(1, kRight, "ann"), by(2, kRight, "ann"),
                                   by(3, kRight, "ann")};
  EXPECT_EQ(judged(quorum(3, 3), theirs).next, Next::kRunHere);
  for (const std::string operator_name : {"", "ann"}) {
    std::vector<Answer> all = theirs;
    all.push_back(by(99, kRight, operator_name, Standing::kSelf));
    EXPECT_EQ(judged(quorum(3, 3), all).next, Next::kAccept);
    EXPECT_EQ(judged(quorum(3, 3), all).outcome, kRight);
    EXPECT_EQ(judged(quorum(3, 4), all).next, Next::kAskMore) << "while others may be asked";
  }
}

TEST(Quorum, IsNotSettledByANodeThatContradictsItself) {
  const std::vector<Answer> answers{by(1, kRight), own(kRight), own(kWrong)};
  EXPECT_EQ(judged(quorum(2, 2), answers).next, Next::kAskMore);
  EXPECT_EQ(judged(quorum(2, 1), answers).next, Next::kUndecided);
  EXPECT_EQ(judged(wish(Policy::kSelf), answers).next, Next::kUndecided);
}

TEST(Quorum, TakesAVerifierForItselfUnlessVerifiersDisagree) {
  EXPECT_EQ(judged(quorum(2, 6), {by(1, kWrong), by(2, kWrong), verifier(3, kRight)}).outcome,
            kRight);
  const std::vector<Answer> unsure{verifier(1, kRight), verifier(2, kWrong)};
  EXPECT_EQ(judged(wish(Policy::kSelf), unsure).next, Next::kRunHere);
  std::vector<Answer> sure = unsure;
  sure.push_back(own(kWrong));
  EXPECT_EQ(judged(wish(Policy::kSelf), sure).outcome, kWrong);
}

TEST(Quorum, CountsNobodyWhoGaveTwoOutcomes) {
  const auto judgement = judged(quorum(2, 6), {by(1, kRight), by(2, kRight), by(2, kWrong)});
  EXPECT_EQ(judgement.next, Next::kAskMore);
  EXPECT_EQ(judgement.losers, (Places{1, 2})) << "proven by its own signatures";
  EXPECT_EQ(judged(wish(Policy::kNone), {own(kRight), own(kWrong)}).next, Next::kAskMore);
}

TEST(Quorum, NotesWhoSaysToHaveUsedSomethingElse) {
  std::vector<Answer> answers{by(1, kRight), by(2, kRight), by(3, kRight)};
  answers[1].metering = used(500);
  EXPECT_EQ(judged(quorum(3, 9), answers).odd_metering, Places{1});
  answers[1].metering = used(500, "another engine");
  EXPECT_EQ(judged(quorum(3, 9), answers).odd_metering, Places{});

  std::vector<Answer> two{by(1, kRight), by(2, kRight)};
  two[1].metering = used(500);
  EXPECT_EQ(judged(quorum(2, 6), two).odd_metering, Places{}) << "word against word";
  two.push_back(own(kRight));
  EXPECT_EQ(judged(quorum(2, 6), two).odd_metering, Places{1});
}

TEST(Verification, TrustsOnlyWhomItTrusts) {
  const Wish trust = wish(Policy::kTrust);
  EXPECT_EQ(judged(trust, {trusted(1, kRight)}).outcome, kRight);
  const auto judgement = judged(trust, {by(1, kWrong)});
  EXPECT_EQ(judgement.next, Next::kAskMore);
  EXPECT_TRUE(judgement.trusted_only);
  const auto second = judged(trust, {by(1, kWrong), trusted(2, kRight)});
  EXPECT_EQ(second.outcome, kRight);
  EXPECT_EQ(second.losers, Places{0});
  EXPECT_EQ(judged(trust, {trusted(1, kRight), trusted(2, kWrong)}).next, Next::kRunHere);
}

TEST(Verification, ChecksByItself) {
  const Wish self = wish(Policy::kSelf);
  EXPECT_EQ(judged(self, {}).next, Next::kAskMore);
  EXPECT_EQ(judged(self, {trusted(1, kWrong)}).next, Next::kRunHere);
  const auto judgement = judged(self, {trusted(1, kWrong), own(kRight)});
  EXPECT_EQ(judgement.outcome, kRight);
  EXPECT_EQ(judgement.losers, Places{0});
}

TEST(Verification, TakesWhateverComesIfNothingElseIsWanted) {
  EXPECT_EQ(judged(wish(Policy::kNone), {by(1, kWrong)}).outcome, kWrong);
}

TEST(Verification, CountsAnAnswerAloneJustWhereItWouldBeAccepted) {
  for (const Wish& one :
       {wish(Policy::kNone), wish(Policy::kTrust), wish(Policy::kSelf), quorum(2, 6)}) {
    for (const Standing standing :
         {Standing::kStranger, Standing::kTrusted, Standing::kVerifier, Standing::kSelf}) {
      EXPECT_EQ(counts_alone(one, standing),
                judged(one, {by(1, kRight, "", standing)}).next == Next::kAccept)
          << format_wish(one) << ' ' << static_cast<int>(standing);
    }
  }
}

TEST(Verification, ChecksByItselfAsOftenAsTheDiceSay) {
  EXPECT_EQ(with_spot_check(wish(Policy::kTrust), 0.5, 0.49).policy, Policy::kSelf);
  EXPECT_EQ(with_spot_check(wish(Policy::kTrust), 0.5, 0.5), wish(Policy::kTrust));
  EXPECT_EQ(with_spot_check(quorum(2, 6), 1, 0), quorum(2, 6));
}

TEST(Verification, IsWrittenAsItIsRead) {
  for (const char* text :
       {"none", "trust", "spot", "self", "quorum=2/6", "quorum=3/3", "quorum=64/256"}) {
    const auto parsed = parse_wish(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(format_wish(*parsed), text);
  }
  EXPECT_EQ(parse_wish("quorum=2").value(), quorum(2, 6));
  for (const char* text : {"", "quorum", "quorum=", "quorum=1", "quorum=65", "quorum=2/1",
                           "quorum=2/257", "quorum=-2", "quorum=2/", "quorum=2x", "Trust"}) {
    EXPECT_FALSE(parse_wish(text).ok()) << text;
  }
}

}  // namespace
}  // namespace timerose::scheduler::verify
