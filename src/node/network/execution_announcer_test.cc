#include "node/network/execution_announcer.h"

#include <gtest/gtest.h>

#include <memory>

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
    announcer_->saw(execute::ExecutorEvent(
        execute::ExecutionEnded{execute::ExecutionId{1}, std::move(finish), took_ns, 0}));
  }

  static PeerId peer(uint8_t number) {
    return PeerId::of(PrivateKey::from_seed({number}).public_key());
  }
  void begins(const PeerId& requester) {
    execute::Job job(cid_of("invocation"), compute::Invocation(cid_of("module")));
    job.requester = requester;
    announcer_->saw(execute::ExecutorAction(
        execute::Launch{execute::ExecutionId{1}, std::make_shared<const execute::Job>(job)}));
  }
  void others_are_not_shared() {
    announcer_ = std::make_unique<ExecutionAnnouncer>(
        nullptr, ExecutionAnnouncer::Whose{peer(1), false}, note_);
  }

  std::vector<Cid> announced_;
  std::function<void(const Cid&)> note_ = [this](const Cid& cid) { announced_.push_back(cid); };
  std::unique_ptr<ExecutionAnnouncer> announcer_ = std::make_unique<ExecutionAnnouncer>(
      nullptr, ExecutionAnnouncer::Whose{peer(1), true}, note_);
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

TEST_F(ExecutionAnnouncerTest, WhereOthersOutcomesAreTheirsAloneOnlyItsOwnAreAnnounced) {
  others_are_not_shared();
  begins(peer(2));
  ends(finish());
  EXPECT_TRUE(announced_.empty());
  begins(peer(1));
  ends(finish());
  EXPECT_EQ(announced_, std::vector<Cid>{cid_of("invocation")});
  ends(finish());
  EXPECT_EQ(announced_.size(), 1U) << "its number is used again for another's";
}

TEST_F(ExecutionAnnouncerTest, ACallWithoutAJobIsAnnouncedToo) {
  announcer_->executed(cid_of("quick"), ExecutionAnnouncer::kTookMinNs - 1);
  announcer_->executed(cid_of("slow"), ExecutionAnnouncer::kTookMinNs);
  EXPECT_EQ(announced_, std::vector<Cid>{cid_of("slow")});
}

}  // namespace
}  // namespace timerose::node
