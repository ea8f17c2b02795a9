#include "node/network/execution_announcer.h"

#include <gtest/gtest.h>

#include "compute/receipt.h"

namespace timerose::node {
namespace {

namespace execute = scheduler::execute;

class ExecutionAnnouncerTest : public ::testing::Test {
 protected:
  static Cid cid_of(std::string_view text) {
    return Cid::of_sha256(Codec::kDagCbor, as_bytes(text));
  }

  execute::Finish finish() {
    compute::Receipt receipt(cid_of("invocation"), cid_of("outcome"));
    receipt.metering.engine = std::make_shared<const compute::EngineName>();
    EXPECT_TRUE(receipt.sign(PrivateKey::from_seed({1})).ok());
    execute::Finish finish;
    finish.receipt = receipt.encode().value();
    return finish;
  }
  void ends(execute::Finish finish, uint64_t took_ns = ExecutionAnnouncer::kTookMinNs) {
    announcer_.saw(execute::ExecutorEvent(
        execute::ExecutionEnded{execute::ExecutionId{1}, std::move(finish), took_ns, 0}));
  }

  std::vector<Cid> announced_;
  ExecutionAnnouncer announcer_{nullptr, [this](const Cid& cid) { announced_.push_back(cid); }};
};

TEST_F(ExecutionAnnouncerTest, AnnouncesTheInvocationOfAnExecution) {
  ends(finish());
  EXPECT_EQ(announced_, std::vector<Cid>{cid_of("invocation")});
}

TEST_F(ExecutionAnnouncerTest, PassesOverWhatNobodyWouldSearchFor) {
  ends(finish(), ExecutionAnnouncer::kTookMinNs - 1);
  execute::Finish known = finish();
  known.cached = true;
  ends(known);
  execute::Finish unsigned_one = finish();
  unsigned_one.receipt.clear();
  ends(unsigned_one);
  EXPECT_TRUE(announced_.empty());
}

}  // namespace
}  // namespace timerose::node
