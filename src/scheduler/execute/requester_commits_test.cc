#include "scheduler/execute/requester_side_testing.h"

namespace timerose::scheduler::execute {
namespace {

using namespace requester_testing;

class RequesterCommitTest : public RequesterSideTest {
 protected:
  void ask_for_commit(CallNumber call) {
    Offer offer = numbered(call);
    offer.commit = true;
    step(Ask{x_, offer});
    if (!all<OpenLink>().empty()) step(LinkReady{x_});
  }
  static Finish finish(CallNumber call, Bytes receipt) {
    return Finish{call, false, {1}, std::move(receipt), {}};
  }
  static Commit commit(CallNumber call, const Bytes& receipt) { return {call, sha256(receipt)}; }
};

TEST_F(RequesterCommitTest, RevealsWhenItIsToldTo) {
  ask_for_commit(7);
  hear(commit(7, {9}));
  EXPECT_EQ(told<Commit>().size(), 1U);
  EXPECT_TRUE(said<Reveal>().empty());
  step(RevealCalls{{7, 8}});
  EXPECT_EQ(said<Reveal>().at(0).calls, std::vector<CallNumber>{7});
  hear(finish(7, {9}));
  EXPECT_EQ(told<Finish>().size(), 1U);
}

TEST_F(RequesterCommitTest, TakesNoAnswerButTheOneCommittedTo) {
  ask_for_commit(7);
  hear(commit(7, {9}));
  step(RevealCalls{{7}});
  hear(finish(7, {8}));
  EXPECT_TRUE(told<Finish>().empty());
  EXPECT_EQ(told<Fault>().size(), 1U);
}

TEST_F(RequesterCommitTest, TakesNoAnswerBeforeItIsRevealed) {
  ask_for_commit(7);
  hear(finish(7, {9}));
  EXPECT_EQ(told<Fault>().size(), 1U) << "without a Commit";
  ask_for_commit(8);
  hear(commit(8, {9}));
  hear(finish(8, {9}));
  EXPECT_EQ(told<Fault>().size(), 1U) << "without being asked";
}

TEST_F(RequesterCommitTest, LetsACommitmentBeReplacedUntilItIsRevealed) {
  ask_for_commit(7);
  hear(commit(7, {1}));
  step(LinkLost{x_, "gone"});
  step(LinkReady{x_});
  hear(commit(7, {9}));
  step(RevealCalls{{7}});
  step(LinkLost{x_, "gone"});
  step(LinkReady{x_});
  EXPECT_TRUE(said<Reveal>().empty()) << "it may have forgotten its answer";
  hear(commit(7, {9}));
  EXPECT_EQ(said<Reveal>().size(), 1U);
  step(LinkLost{x_, "gone"});
  step(LinkReady{x_});
  hear(commit(7, {2}));
  EXPECT_EQ(told<Lost>().size(), 1U) << "it may have learned of others' answers";
}

TEST_F(RequesterCommitTest, PassesOverACommitThatWasNotAskedFor) {
  ask_over_a_link(7);
  hear(commit(7, {9}));
  EXPECT_TRUE(all<Told>().empty());
  step(RevealCalls{{7}});
  EXPECT_TRUE(said<Reveal>().empty());
  hear(finish(7, {9}));
  EXPECT_EQ(told<Finish>().size(), 1U);
}

}  // namespace
}  // namespace timerose::scheduler::execute
