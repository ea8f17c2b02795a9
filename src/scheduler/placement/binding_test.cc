#include "scheduler/placement/binding.h"

#include <gtest/gtest.h>

namespace timerose::scheduler {
namespace {

// "ask 1, ask 2": actions as text.
std::string written(const std::vector<BindingAction>& actions) {
  std::string out;
  for (const BindingAction& action : actions) {
    if (!out.empty()) out += ", ";
    if (const auto* ask = std::get_if<Ask>(&action)) {
      out += "ask " + std::to_string(ask->node.slot());
    } else if (const auto* bind = std::get_if<Bind>(&action)) {
      out += "bind " + std::to_string(bind->node.slot());
    } else if (const auto* release = std::get_if<Release>(&action)) {
      out += "release " + std::to_string(release->node.slot());
    } else {
      out += "give up: " + std::get<GiveUp>(action).why;
    }
  }
  return out;
}

NodeRef node(uint32_t slot) { return {slot, 0}; }

struct BindingTest : ::testing::Test {
  std::string start(std::vector<NodeRef> nodes, uint64_t deadline_ms = 60'000) {
    binding.emplace(0, nodes, deadline_ms);
    return written(binding->start(0));
  }
  std::string step(uint64_t now_ms, const BindingEvent& event) {
    return written(binding->step(now_ms, event));
  }
  std::optional<Binding> binding;
};

TEST_F(BindingTest, BindsTheFirstThatAccepts) {
  EXPECT_EQ(start({node(1), node(2), node(3)}), "ask 1, ask 2");
  EXPECT_EQ(step(1, Accepted{node(2)}), "bind 2, release 1");
  EXPECT_EQ(step(2, Accepted{node(1)}), "release 1");
  EXPECT_EQ(step(3, TimePassed{}), "");
  EXPECT_EQ(binding->next_ms(), std::nullopt);
}

TEST_F(BindingTest, AsksTheNextWhenOneRefusesOrIsGoneOrSlow) {
  EXPECT_EQ(start({node(1), node(2), node(3), node(4), node(5)}), "ask 1, ask 2");
  EXPECT_EQ(step(1, Refused{node(1), "no"}), "ask 3");
  EXPECT_EQ(step(2, Unreachable{node(3), "timeout"}), "ask 4");
  EXPECT_EQ(*binding->next_ms(), Binding::kAnswerWithin_ms);
  EXPECT_EQ(step(300, TimePassed{}), "ask 5");
  EXPECT_EQ(step(301, Accepted{node(2)}), "bind 2, release 4, release 5");
}

TEST_F(BindingTest, SaysWithinASecondThatNobodyTakesIt) {
  EXPECT_EQ(start({}), "give up: there is no node to ask");
  EXPECT_EQ(start({node(1), node(2)}), "ask 1, ask 2");
  EXPECT_EQ(step(1, Refused{node(1), "policy"}), "");
  EXPECT_EQ(step(2, Unreachable{node(2), "gone"}),
            "give up: node 1: refused: policy; node 2: not reachable: gone");
  EXPECT_EQ(start({node(1)}), "ask 1");
  EXPECT_EQ(step(300, TimePassed{}), "");
  EXPECT_EQ(*binding->next_ms(), Binding::kDecideWithin_ms);
  EXPECT_EQ(step(1000, TimePassed{}), "release 1, give up: node 1: no answer in 300 ms");
}

TEST_F(BindingTest, AsksEveryNodeBeforeItGivesUp) {
  std::vector<NodeRef> nodes;
  for (uint32_t slot = 1; slot <= 9; ++slot) nodes.push_back(node(slot));
  binding.emplace(0, nodes, 60'000, 1);
  EXPECT_EQ(written(binding->start(0)), "ask 1");
  EXPECT_EQ(step(300, TimePassed{}), "ask 2, ask 3");
  EXPECT_EQ(step(600, TimePassed{}), "ask 4, ask 5, ask 6, ask 7");
  EXPECT_EQ(step(900, TimePassed{}), "ask 8, ask 9");
  EXPECT_EQ(*binding->next_ms(), 1200U) << "the last two have as long as the others had";
  EXPECT_EQ(step(1100, Accepted{node(9)}),
            "bind 9, release 1, release 2, release 3, release 4, release 5, release 6, release 7, "
            "release 8");
}

TEST_F(BindingTest, WaitsForABusyNodeUntilTheDeadline) {
  EXPECT_EQ(start({node(1)}, 5000), "ask 1");
  EXPECT_EQ(step(1, Busy{node(1), 2000}), "");
  EXPECT_EQ(*binding->next_ms(), 2001U);
  EXPECT_EQ(step(2001, TimePassed{}), "ask 1");
  EXPECT_EQ(step(2100, TimePassed{}), "");
  EXPECT_EQ(step(2002, Busy{node(1), 10'000}), "");
  EXPECT_EQ(*binding->next_ms(), 5000U);
  EXPECT_EQ(step(5000, TimePassed{}), "give up: node 1: busy for 10000 ms");
}

TEST_F(BindingTest, IgnoresNodesThatItNeverAsked) {
  EXPECT_EQ(start({node(1)}), "ask 1");
  EXPECT_EQ(step(1, Accepted{node(9)}), "release 9");
  EXPECT_EQ(step(1, Refused{node(9), ""}), "");
  EXPECT_EQ(step(1, Accepted{node(1)}), "bind 1");
}

}  // namespace
}  // namespace timerose::scheduler
