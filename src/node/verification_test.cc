#include "node/verification.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "node/records/verification_records.h"
#include "node/records/witness_records.h"

namespace timerose::node {
namespace {

namespace fs = std::filesystem;
namespace verify = scheduler::verify;

PrivateKey verifier_key(uint8_t number, uint8_t more = 0) {
  return PrivateKey::from_seed({number, more});
}
PeerId verifier_peer(uint8_t number) { return PeerId::of(verifier_key(number).public_key()); }

class VerificationTest : public testing::Test {
 protected:
  VerificationTest() { open(); }

  void open() {
    verification_.reset();
    repository_.reset();
    repository_ = Repository::open(folder_.path(), {clock_, random_}).value();
    verification_ = Verification::open(*repository_, clock_).value();
  }

  // An answer whose receipt is in the store.
  verify::Answer answer(const PrivateKey& by, std::string_view outcome,
                        verify::Standing standing = verify::Standing::kStranger) {
    compute::Receipt receipt(Cid::of_sha256(Codec::kDagCbor, as_bytes("invocation")),
                             Cid::of_sha256(Codec::kDagCbor, as_bytes(outcome)));
    receipt.metering.engine =
        std::make_shared<const compute::EngineName>(compute::EngineName{"wasmtime", ""});
    EXPECT_TRUE(receipt.sign(by).ok());
    const Block block = Block::of_sha256(Codec::kDagCbor, receipt.encode().value());
    EXPECT_TRUE(repository_->blockstore().value()->put(block).ok());
    return {
        PeerId::of(by.public_key()), "", standing, receipt.outcome, block.cid(), receipt.metering};
  }
  std::optional<Cid> settle(const std::vector<verify::Answer>& answers) {
    const auto judgement = verify::judge({verify::Policy::kQuorum, 2, 6, true}, answers);
    const auto settled = verification_->settled(function_, judgement, answers);
    EXPECT_TRUE(settled.ok()) << settled.error().message;
    return settled.ok() ? *settled : std::nullopt;
  }

  SystemClock clock_;
  SystemRandom random_;
  testing_support::TemporaryFolder folder_;
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<Verification> verification_;
  const scheduler::ContentKey function_{1, 2};
};

TEST_F(VerificationTest, KeepsProofOfALieAndAvoidsTheLiar) {
  const auto evidence = settle({answer(verifier_key(1), "right"), answer(verifier_key(2), "wrong"),
                                answer(verifier_key(3), "right")});
  ASSERT_TRUE(evidence);
  const auto block = repository_->blockstore().value()->get(*evidence);
  ASSERT_TRUE(block.ok());
  EXPECT_TRUE(verify::Evidence::decode(block->view()).value().examine().ok());
  EXPECT_EQ(repository_->pins().find(*evidence).value()->mode, PinMode::kDirect);
  const auto listed = list_evidence(repository_->records());
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().cid, *evidence);
  EXPECT_EQ(verification_->avoided(), std::vector{verifier_peer(2)});
}

TEST_F(VerificationTest, KnowsItAllAfterARestart) {
  settle({answer(verifier_key(1), "right"), answer(verifier_key(2), "wrong"),
          answer(verifier_key(3), "right")});
  const verify::Wish spot = verify::parse_wish("spot").value();
  const double rate = verification_->check_rate(spot, verifier_peer(1), function_);
  EXPECT_LT(rate, 1);
  EXPECT_GT(rate, 0);
  open();
  EXPECT_NEAR(verification_->check_rate(spot, verifier_peer(1), function_), rate, 1e-3);
  EXPECT_TRUE(verification_->is_avoided(verifier_peer(2)));
  EXPECT_FALSE(verification_->is_avoided(verifier_peer(3)));
  EXPECT_EQ(list_evidence(repository_->records())->size(), 1U);
}

TEST_F(VerificationTest, KeepsNoProofWhereThereIsNone) {
  EXPECT_FALSE(settle({answer(verifier_key(1), "right"), answer(verifier_key(3), "right")}));
  auto unsigned_lie = answer(verifier_key(2), "wrong");
  unsigned_lie.receipt.reset();
  EXPECT_FALSE(
      settle({answer(verifier_key(1), "right"), unsigned_lie, answer(verifier_key(3), "right")}));
  EXPECT_TRUE(verification_->is_avoided(verifier_peer(2))) << "it is known here all the same";
  EXPECT_TRUE(list_evidence(repository_->records())->empty());
}

TEST_F(VerificationTest, AvoidsWhoMisbehaves) {
  ASSERT_TRUE(verification_->misbehaved(verifier_peer(4), function_).ok());
  open();
  EXPECT_TRUE(verification_->is_avoided(verifier_peer(4)));
}

TEST_F(VerificationTest, ChecksWhatIsTrustedOnlyIfThatIsAskedForOrThereWasAFault) {
  const verify::Wish trust = verify::parse_wish("trust").value();
  const verify::Wish quorum = verify::parse_wish("quorum=2").value();
  EXPECT_EQ(verification_->check_rate(trust, verifier_peer(1), function_), 0);
  EXPECT_EQ(
      verification_->check_rate(verify::parse_wish("spot").value(), verifier_peer(1), function_),
      1);
  ASSERT_TRUE(verification_->misbehaved(verifier_peer(1), function_).ok());
  EXPECT_EQ(verification_->check_rate(trust, verifier_peer(1), function_), 1);
  EXPECT_EQ(verification_->check_rate(quorum, verifier_peer(1), function_), 0)
      << "it is checked anyway";
}

TEST_F(VerificationTest, ForgetsTheOldestEvidenceBeyondItsLimit) {
  const auto first = settle({answer(verifier_key(1), "right"), answer(verifier_key(2), "x"),
                             answer(verifier_key(3), "right")});
  ASSERT_TRUE(first);
  auto transaction = repository_->records().begin();
  ASSERT_TRUE(transaction.ok());
  for (size_t i = 0; i < kEvidenceMax - 1; ++i) {
    const Cid cid = Cid::of_sha256(Codec::kDagCbor, as_bytes(std::to_string(i)));
    auto add = repository_->records().prepare("INSERT INTO evidence(cid, at) VALUES (?1, 0)");
    ASSERT_TRUE(add->bind(1, cid.bytes()).run().ok());
  }
  ASSERT_TRUE(transaction->commit().ok());
  const auto last = settle({answer(verifier_key(1), "right"), answer(verifier_key(2), "y"),
                            answer(verifier_key(3), "right")});
  const auto listed = list_evidence(repository_->records());
  ASSERT_EQ(listed->size(), kEvidenceMax);
  EXPECT_EQ(listed->front().cid, *last);
  EXPECT_FALSE(repository_->pins().find(*first).value());
}

TEST_F(VerificationTest, KeepsTheWitnessesOfBeforeBesideThoseThatJoinThem) {
  const auto kept = [this](std::vector<verify::Answer> answers, uint32_t quorum) {
    const Cid call = Cid::of_sha256(Codec::kDagCbor, as_bytes("invocation"));
    const auto judgement = verify::judge({verify::Policy::kQuorum, quorum, 6, true}, answers);
    EXPECT_TRUE(verification_->witnessed(call, judgement, answers).ok());
    return witnesses_of(repository_->records(), call).value().size();
  };
  std::vector<verify::Answer> answers{answer(verifier_key(1), "right"),
                                      answer(verifier_key(2), "right")};
  EXPECT_EQ(kept(answers, 2), 2U);
  answers[1].receipt.reset();  // as it is known from its records (other_witnesses)
  answers.push_back(answer(verifier_key(3), "right"));
  EXPECT_EQ(kept(answers, 3), 3U);
}

}  // namespace
}  // namespace timerose::node
