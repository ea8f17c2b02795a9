#include "scheduler/execute/requester_side_testing.h"

namespace timerose::scheduler::execute {
namespace {

using namespace requester_testing;

class RequesterQuestionsTest : public RequesterSideTest {
 protected:
  void probe(CallNumber call) { put(Probe{call, {1, 2, 3}, {}}); }
  void ask_if_known(CallNumber call) {
    put(Known{call, Cid::of_sha256(Codec::kDagCbor, as_bytes("invocation")), {}});
  }

 private:
  template <typename Question>
  void put(Question question) {
    step(Ask{x_, std::move(question)});
    if (!all<OpenLink>().empty()) step(LinkReady{x_});
    EXPECT_EQ(said<Question>().size(), 1U);
  }
};

TEST_F(RequesterQuestionsTest, TellsTheAnswers) {
  probe(7);
  hear(Estimate{7, 5, {}, 6, true, false});
  EXPECT_EQ(told<Estimate>().at(0).lacking_bytes, 5U);
  ask_if_known(8);
  hear(Unknown{8});
  EXPECT_EQ(told<Unknown>().size(), 1U);
  ask_if_known(9);
  hear(Finish{9, true, {1}, {2}, {}});
  EXPECT_EQ(told<Finish>().size(), 1U);
  pass(kSecond);
  EXPECT_TRUE(said<Acknowledge>().empty());
  EXPECT_EQ(side_.calls(), 0U);
}

TEST_F(RequesterQuestionsTest, TakesNoAnswerToAnotherQuestion) {
  probe(7);
  hear(Unknown{7});
  hear(Accept{7, 5000, 0});
  hear(Failure{7, FailureKind::kFuel, ""});
  EXPECT_TRUE(all<Told>().empty());
  hear(Finish{7, true, {1}, {2}, {}});
  EXPECT_EQ(told<Fault>().size(), 1U);
  ask_if_known(8);
  hear(Estimate{8, 5, {}, 6, true, false});
  EXPECT_TRUE(all<Told>().empty());
  hear(Finish{8, false, {1}, {2}, {}});
  EXPECT_EQ(told<Fault>().size(), 1U) << "it was not to execute";
}

TEST_F(RequesterQuestionsTest, AsksOnceAndDoesNotWaitForLong) {
  probe(7);
  hear(Busy{7, 100, 5, "full"});
  EXPECT_EQ(told<Busy>().size(), 1U);
  probe(8);
  pass_with_heartbeats(6 * kSecond);
  EXPECT_EQ(told<Lost>().size(), 1U);
  EXPECT_TRUE(said<Cancel>().empty());
}

}  // namespace
}  // namespace timerose::scheduler::execute
