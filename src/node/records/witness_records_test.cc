#include "node/records/witness_records.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "scheduler/testing.h"

namespace timerose::node {
namespace {

using scheduler::testing::key_of;

Cid witness_cid(std::string_view text) { return Cid::of_sha256(Codec::kDagCbor, as_bytes(text)); }

Witness witness(uint32_t number) {
  compute::Receipt receipt(witness_cid("call"), witness_cid("outcome"));
  receipt.metering.engine =
      std::make_shared<const compute::EngineName>(compute::EngineName{"engine 1", "flags"});
  EXPECT_TRUE(receipt.sign(key_of(number)).ok());
  return {"operator " + std::to_string(number), receipt};
}

class WitnessRecords : public ::testing::Test {
 protected:
  std::vector<std::string> kept(const Cid& call) {
    std::vector<std::string> out;
    const auto witnesses = witnesses_of(records_, call).value();
    for (const Witness& one : witnesses) {
      EXPECT_TRUE(one.receipt.verify().ok());
      out.push_back(one.operator_name);
    }
    return out;
  }

  const testing_support::TemporaryFolder folder_;
  sqlite::Database records_{folder_.path() / "records.sqlite"};
};

TEST_F(WitnessRecords, AreThoseOfTheCall) {
  ASSERT_TRUE(
      keep_witnesses(records_, witness_cid("call"), std::vector{witness(1), witness(2)}).ok());
  EXPECT_EQ(kept(witness_cid("call")), (std::vector<std::string>{"operator 1", "operator 2"}));
  EXPECT_TRUE(kept(witness_cid("another")).empty());
}

TEST_F(WitnessRecords, GiveWayToTheNextOnesOfTheCall) {
  ASSERT_TRUE(
      keep_witnesses(records_, witness_cid("call"), std::vector{witness(1), witness(2)}).ok());
  ASSERT_TRUE(keep_witnesses(records_, witness_cid("call"), std::vector{witness(3)}).ok());
  EXPECT_EQ(kept(witness_cid("call")), (std::vector<std::string>{"operator 3"}));
}

}  // namespace
}  // namespace timerose::node
