#include "node/jobs/known_answer.h"

#include <gtest/gtest.h>

#include "blockstore/memory_blockstore.h"
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

TEST(KnownAnswer, IsTheWordOfWhoeverSignedItsReceipt) {
  MemoryBlockstore store;
  compute::Answer known = answer();
  compute::Receipt receipt(known.invocation, *known.outcome_cid);
  receipt.metering.engine =
      std::make_shared<const compute::EngineName>(compute::EngineName{"engine 1", "flags"});
  ASSERT_TRUE(receipt.sign(key_of(7)).ok());
  const Block block = Block::of_sha256(Codec::kDagCbor, receipt.encode().value());
  ASSERT_TRUE(store.put(block).ok());
  known.receipt = block.cid();
  EXPECT_EQ(known_answer(known, store, peer(1)).value().executor, peer(7));
}

TEST(KnownAnswer, WithoutAReceiptIsThatOfThisNode) {
  MemoryBlockstore store;
  EXPECT_EQ(known_answer(answer(), store, peer(1)).value().executor, peer(1));
}

TEST(KnownAnswer, WhoseReceiptIsGoneIsNobodysWord) {
  MemoryBlockstore store;
  compute::Answer known = answer();
  known.receipt = Cid::of_sha256(Codec::kDagCbor, as_bytes("gone"));
  EXPECT_FALSE(known_answer(known, store, peer(1)).ok());
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
