#include "node/jobs/known_answer.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "blockstore/memory_blockstore.h"
#include "node/records/verification_records.h"
#include "node/records/witness_records.h"
#include "scheduler/testing.h"

namespace timerose::node {
namespace {

using scheduler::execute::Role;
using scheduler::testing::key_of;
using scheduler::verify::Standing;

PeerId peer(uint32_t number) { return PeerId::of(key_of(number).public_key()); }

compute::Answer answer() {
  compute::Answer out(Cid::of_sha256(Codec::kDagCbor, as_bytes("call")));
  out.outcome.emplace();
  out.outcome_cid = Cid::of_sha256(Codec::kDagCbor, as_bytes("outcome"));
  return out;
}

class KnownAnswerTest : public ::testing::Test {
 protected:
  // Of the answer, signed by this one.
  compute::Receipt receipt(uint32_t signer) const {
    compute::Receipt out(known_.invocation, *known_.outcome_cid);
    out.metering.engine =
        std::make_shared<const compute::EngineName>(compute::EngineName{"engine 1", "flags"});
    EXPECT_TRUE(out.sign(key_of(signer)).ok());
    return out;
  }
  Result<KnownAnswer> signed_by(uint32_t signer) {
    const Block block = Block::of_sha256(Codec::kDagCbor, receipt(signer).encode().value());
    EXPECT_TRUE(store_.put(block).ok());
    known_.receipt = block.cid();
    return known_answer(known_, store_, records_, peer(1));
  }
  void was_seen(uint32_t number, scheduler::verify::Seen what) {
    scheduler::verify::Scores scores({});
    scores.note(1, peer(number), {}, what);
    ASSERT_TRUE(save_scores(records_, scores.entries()).ok());
  }
  static std::vector<PeerId> executors(const std::vector<scheduler::verify::Answer>& answers) {
    std::vector<PeerId> out;
    for (const auto& one : answers) out.push_back(one.executor);
    return out;
  }

  const testing_support::TemporaryFolder folder_;
  sqlite::Database records_{folder_.path() / "records.sqlite"};
  MemoryBlockstore store_;
  compute::Answer known_ = answer();
};

TEST_F(KnownAnswerTest, IsTheWordOfWhoeverSignedItsReceipt) {
  const KnownAnswer known = signed_by(7).value();
  EXPECT_EQ(known.executor, peer(7));
  EXPECT_EQ(executors(who_said(known, {}, Standing::kTrusted)), std::vector{peer(7)});
}

TEST_F(KnownAnswerTest, IsNobodysWordOnceWhoSignedItWasAtFault) {
  was_seen(7, scheduler::verify::Seen::kGood);
  EXPECT_FALSE(signed_by(7).value().distrusted);
  was_seen(7, scheduler::verify::Seen::kFalseOutcome);
  const KnownAnswer known = signed_by(7).value();
  EXPECT_TRUE(known.distrusted);
  EXPECT_TRUE(who_said(known, {}, Standing::kTrusted).empty());
  EXPECT_FALSE(signed_by(8).value().distrusted) << "that is another one";
}

TEST_F(KnownAnswerTest, IsStillTheWordOfOthersWhoSaidTheSame) {
  was_seen(7, scheduler::verify::Seen::kFalseOutcome);
  KnownAnswer known = signed_by(7).value();
  ASSERT_TRUE(keep_witnesses(records_, known_.invocation,
                             std::vector{Witness{"", receipt(7)}, Witness{"", receipt(8)}})
                  .ok());
  const scheduler::execute::TrustList trust(peer(1));
  known.witnesses = other_witnesses(records_, trust, known).value();
  EXPECT_EQ(executors(who_said(known, {}, Standing::kTrusted)), std::vector{peer(8)});
  was_seen(8, scheduler::verify::Seen::kBrokenCommit);
  known.witnesses = other_witnesses(records_, trust, known).value();
  EXPECT_TRUE(known.witnesses.empty());
}

TEST_F(KnownAnswerTest, WithoutAReceiptIsThatOfThisNode) {
  EXPECT_EQ(known_answer(known_, store_, records_, peer(1)).value().executor, peer(1));
}

TEST_F(KnownAnswerTest, WhoseReceiptIsGoneIsNobodysWord) {
  known_.receipt = Cid::of_sha256(Codec::kDagCbor, as_bytes("gone"));
  EXPECT_FALSE(known_answer(known_, store_, records_, peer(1)).ok());
}

TEST(KnownAnswer, IsWorthWhatItsSignerIs) {
  scheduler::execute::TrustList trust(peer(1));
  ASSERT_TRUE(trust.add(peer(2), Role::kExecutor).ok());
  ASSERT_TRUE(trust.add(peer(3), Role::kVerifier).ok());
  ASSERT_TRUE(trust.add(peer(4), Role::kRequester).ok());
  EXPECT_EQ(standing_of(trust, peer(1)), Standing::kSelf);
  EXPECT_EQ(standing_of(trust, peer(2)), Standing::kTrusted);
  EXPECT_EQ(standing_of(trust, peer(3)), Standing::kVerifier);
  EXPECT_EQ(standing_of(trust, peer(4)), Standing::kStranger);
}

}  // namespace
}  // namespace timerose::node
