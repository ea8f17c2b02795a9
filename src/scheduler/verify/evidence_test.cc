#include "scheduler/verify/evidence.h"

#include <gtest/gtest.h>

#include "compute/testing/golden.h"

namespace timerose::scheduler::verify {
namespace {

constexpr std::string_view kFolder = "src/scheduler/verify/testdata";

Cid object(std::string_view text) { return Cid::of_sha256(Codec::kDagCbor, as_bytes(text)); }

compute::Receipt receipt(uint8_t key, std::string_view outcome, uint64_t fuel = 100,
                         std::string_view invocation = "invocation") {
  compute::Receipt receipt(object(invocation), object(outcome));
  receipt.metering.engine =
      std::make_shared<const compute::EngineName>(compute::EngineName{"wasmtime 48.0.8", "fuel"});
  receipt.metering.fuel_used = fuel;
  receipt.metering.memory_bytes_peak = 65536;
  receipt.circumstances.started_unix_ns = 1'700'000'000'000'000'000 + key;
  receipt.circumstances.duration_ns = 1000;
  EXPECT_TRUE(receipt.sign(PrivateKey::from_seed({key})).ok());
  return receipt;
}
Bytes block(const compute::Receipt& receipt) { return receipt.encode().value(); }

Evidence evidence(const std::vector<compute::Receipt>& receipts,
                  std::optional<Cid> accepted = std::nullopt, Basis basis = Basis::kQuorum) {
  std::vector<Bytes> blocks;
  for (const auto& one : receipts) blocks.push_back(block(one));
  return Evidence::of(std::move(blocks), std::move(accepted), basis);
}
Evidence full() {
  return evidence({receipt(1, "right"), receipt(2, "wrong"), receipt(3, "right")}, object("right"),
                  Basis::kSelf);
}
std::string refusal(const Evidence& evidence) {
  const auto finding = evidence.examine();
  return finding.ok() ? "shown" : finding.error().message;
}

TEST(Evidence, HasOneEncoding) {
  compute::testing::expect_golden("evidence_full", full(), kFolder);
  compute::testing::expect_golden("evidence_least",
                                  evidence({receipt(1, "right"), receipt(2, "wrong")}), kFolder);
}

TEST(Evidence, DecodesStrictly) { compute::testing::expect_strict(full(), {"v", "receipts"}); }

TEST(Evidence, IsOfSortedDistinctReceiptsWithinItsLimits) {
  Evidence unsorted = full();
  std::swap(unsorted.receipts.front(), unsorted.receipts.back());
  EXPECT_FALSE(unsorted.encode().ok());
  EXPECT_FALSE(evidence({receipt(1, "a"), receipt(1, "a")}).encode().ok()) << "one twice";
  std::vector<compute::Receipt> many;
  for (uint8_t key = 0; key < Evidence::kReceiptsMax; ++key) {
    many.push_back(receipt(key, key == 0 ? "wrong" : "right"));
  }
  EXPECT_EQ(refusal(evidence(many)), "shown");
  EXPECT_TRUE(Evidence::decode(evidence(many).encode().value()).ok());
  many.push_back(receipt(100, "right"));
  EXPECT_FALSE(evidence(many).encode().ok());
  Evidence long_receipt = full();
  long_receipt.receipts.back().resize(Evidence::kReceiptBytesMax);
  EXPECT_TRUE(long_receipt.encode().ok());
  long_receipt.receipts.back().resize(Evidence::kReceiptBytesMax + 1);
  EXPECT_FALSE(long_receipt.encode().ok());
}

TEST(Evidence, NeedsABasisForWhatWasAcceptedAndOnlyThen) {
  Value::Map map = *dag_cbor::decode(full().encode().value())->as_map();
  const auto decodes = [](const Value::Map& fields) {
    return Evidence::decode(*dag_cbor::encode(Value(fields))).ok();
  };
  EXPECT_TRUE(decodes(map));
  Value::Map without = map;
  without.erase("basis");
  EXPECT_FALSE(decodes(without));
  map.insert_or_assign("basis", "hearsay");
  EXPECT_FALSE(decodes(map));
}

TEST(Evidence, ShowsThatOutcomesContradictEachOther) {
  const auto finding = full().examine();
  ASSERT_TRUE(finding.ok()) << finding.error().message;
  EXPECT_EQ(finding->invocation, object("invocation"));
  EXPECT_EQ(finding->statements.size(), 3U);
  EXPECT_TRUE(finding->outcomes_differ);
  EXPECT_FALSE(finding->metering_differs);
  EXPECT_TRUE(finding->proven.empty()) << "at least one lied; which one, a re-run tells";
}

TEST(Evidence, ProvesAKeyThatSignedBoth) {
  const auto finding =
      evidence({receipt(1, "right"), receipt(2, "wrong"), receipt(2, "right")}).examine();
  ASSERT_TRUE(finding.ok());
  EXPECT_EQ(finding->proven, std::vector{PrivateKey::from_seed({2}).public_key()});
}

TEST(Evidence, ShowsForgedMetering) {
  const auto finding = evidence({receipt(1, "right", 100), receipt(2, "right", 900)}).examine();
  ASSERT_TRUE(finding.ok());
  EXPECT_FALSE(finding->outcomes_differ);
  EXPECT_TRUE(finding->metering_differs);
  auto other_engine = receipt(2, "right", 900);
  other_engine.metering.engine =
      std::make_shared<const compute::EngineName>(compute::EngineName{"another", ""});
  ASSERT_TRUE(other_engine.sign(PrivateKey::from_seed({2})).ok());
  EXPECT_NE(refusal(evidence({receipt(1, "right", 100), other_engine})), "shown");
}

TEST(Evidence, ShowsNothingThatAnybodyCouldForge) {
  auto forged = receipt(1, "right");
  forged.outcome = object("wrong");
  EXPECT_NE(refusal(evidence({receipt(1, "right"), forged})).find("signature"), std::string::npos);
  EXPECT_NE(refusal(evidence({receipt(1, "a"), receipt(2, "b", 100, "another")})).find("different"),
            std::string::npos);
  EXPECT_NE(refusal(evidence({receipt(1, "a"), receipt(2, "a")})).find("say the same"),
            std::string::npos);
  EXPECT_NE(refusal(evidence({receipt(1, "a"), receipt(2, "b")}, object("c"))).find("accepted"),
            std::string::npos);
  EXPECT_NE(refusal(Evidence::of({{1, 2}, {3}}, std::nullopt, Basis::kQuorum)), "shown");
}

Answer answer_of(const compute::Receipt& receipt, Standing standing = Standing::kStranger) {
  return {PeerId::of(receipt.circumstances.executor),
          "",
          standing,
          receipt.outcome,
          Cid::of_sha256(Codec::kDagCbor, block(receipt)),
          receipt.metering};
}

TEST(Evidence, IsMadeOfThoseAtFaultAndThoseWhoStandAgainstThem) {
  std::vector<Answer> answers{answer_of(receipt(1, "right")), answer_of(receipt(2, "wrong")),
                              answer_of(receipt(3, "right"), Standing::kSelf),
                              answer_of(receipt(4, "wrong"))};
  answers[3].receipt.reset();
  const auto judgement = judge({Policy::kQuorum, 2, 6, true}, answers);
  EXPECT_EQ(answers_to_show(judgement, answers), (std::vector<size_t>{0, 1, 2}));
  EXPECT_EQ(basis_of(judgement, answers), Basis::kSelf);
  answers.erase(answers.begin() + 1, answers.end());
  EXPECT_TRUE(answers_to_show(judge({Policy::kNone, 1, 1, true}, answers), answers).empty());
}

TEST(Evidence, IsMadeOfWhatNothingDecidesToo) {
  const std::vector<Answer> answers{answer_of(receipt(1, "a")), answer_of(receipt(2, "b")),
                                    answer_of(receipt(3, "a"))};
  const auto judgement = judge({Policy::kQuorum, 3, 3, false}, answers);
  EXPECT_EQ(judgement.next, Next::kUndecided);
  EXPECT_EQ(answers_to_show(judgement, answers), (std::vector<size_t>{0, 1, 2}));
  const auto unfinished = judge({Policy::kQuorum, 3, 6, false}, answers);
  EXPECT_EQ(unfinished.next, Next::kAskMore);
  EXPECT_TRUE(answers_to_show(unfinished, answers).empty()) << "more is to come";
}

TEST(Evidence, HasRoomForThoseWhoStandAgainstManyLiars) {
  std::vector<Answer> answers;
  for (uint8_t key = 0; key < 40; ++key) answers.push_back(answer_of(receipt(key, "wrong")));
  answers.push_back(answer_of(receipt(100, "right"), Standing::kSelf));
  const auto shown = answers_to_show(judge({Policy::kSelf, 1, 1, true}, answers), answers);
  EXPECT_LE(shown.size(), Evidence::kReceiptsMax);
  EXPECT_EQ(shown.back(), 40U);
}

}  // namespace
}  // namespace timerose::scheduler::verify
