// Who compiles, and who gets what was compiled.
#include <gmock/gmock.h>

#include <csignal>

#include "isolation/testing.h"

namespace timerose::isolation {
namespace {

using ::testing::HasSubstr;

TEST(Isolation, TheNodeCompilesNothingForOthers) {
  Node node;
  const compute::Request asked = node.request(kExit);
  const Cid module = asked.invocation.module;
  const auto mine = node.pool().runner_for("r", Answers::kOfRequester);
  const auto yours = node.pool().runner_for("s", Answers::kOfRequester);
  EXPECT_FALSE(mine->is_warm(asked.invocation));
  EXPECT_TRUE(node.run(asked).outcome);
  EXPECT_FALSE(node.modules().has(module));
  EXPECT_TRUE(mine->is_warm(asked.invocation));
  EXPECT_FALSE(yours->is_warm(asked.invocation));  // machine code is told to nobody else
  EXPECT_EQ(node.pool().warm(10), std::vector{module});
  (void)node.run_here(asked);
  EXPECT_TRUE(node.modules().has(module));
  EXPECT_TRUE(yours->is_warm(asked.invocation));  // this node's own
}

TEST(Isolation, ASecondWorkerTakesWhatTheFirstCompiled) {
  Node node;
  EXPECT_TRUE(node.run(node.request(kExit)).outcome);
  const pid_t first = node.pool().status().processes.at(0);
  kill(first, SIGKILL);
  wait_until([&] { return node.pool().status().idle == 0; });
  // It says so if it is given a binary.
  const compute::Answer again = node.run(node.request(kExit, {"expect-code"}));
  ASSERT_TRUE(again.outcome) << again.stopped->message;
  const compute::Answer other = node.run(node.request(kExit, {"expect-code"}), "s");
  ASSERT_TRUE(other.stopped);
  EXPECT_THAT(other.stopped->message, HasSubstr("exit code 7"));
}

// Long functions, each instruction of which depends on the one before.
std::string compile_bomb() {
  std::string body;
  for (int i = 0; i < 20'000; ++i) body += "(local.set $a (i32.mul (local.get $a) (i32.const 3)))";
  std::string text = "(module (memory (export \"memory\") 1)\n";
  for (int i = 0; i < 40; ++i) text += "(func (local $a i32) " + body + ")\n";
  return text + "(func (export \"_start\")))";
}

TEST(Isolation, ACompilationThatTakesTooLongIsStopped) {
  PoolOptions options;
  options.compile_ns_max = 200'000'000;
  Node node(options);
  EXPECT_TRUE(node.run(node.request(kExit), "good").outcome);
  const compute::Answer answer = node.run(node.request(compile_bomb()), "bad");
  ASSERT_TRUE(answer.stopped);
  EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kLimit);
  EXPECT_THAT(answer.stopped->message, HasSubstr("compiled the function for more than 0.2 s"));
  EXPECT_TRUE(node.run(node.request(kTrap), "good").outcome);
  EXPECT_EQ(children(), 1U);
}

}  // namespace
}  // namespace timerose::isolation
