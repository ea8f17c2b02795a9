// Who compiles, and who gets what was compiled.
#include <gmock/gmock.h>

#include <csignal>

#include "isolation/sandbox.h"
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
  // It tells by its exit what it is given.
  const compute::Answer again = node.run(node.request(kExit, {"expect-code"}));
  ASSERT_TRUE(again.stopped);
  EXPECT_THAT(again.stopped->message, HasSubstr("exit code 8"));
  const compute::Answer other = node.run(node.request(kExit, {"expect-code"}), "s");
  ASSERT_TRUE(other.stopped);
  EXPECT_THAT(other.stopped->message, HasSubstr("exit code 7"));
}

TEST(Isolation, CodeOfAWorkerThatHasRunGuestsStaysInIt) {
  Node node;
  EXPECT_TRUE(node.run(node.request(kExit)).outcome);
  const compute::Request second = node.request(kTrap);
  EXPECT_TRUE(node.run(second).outcome);
  const auto runner = node.pool().runner_for("r", Answers::kOfRequester);
  EXPECT_TRUE(runner->is_warm(second.invocation));  // in that worker
  EXPECT_EQ(node.pool().warm(10).size(), 2U);
  kill(node.pool().status().processes.at(0), SIGKILL);
  wait_until([&] { return node.pool().status().idle == 0; });
  EXPECT_FALSE(runner->is_warm(second.invocation));
}

// Loops one after another, each with all of many locals: what a compiler keeps of them is as long
// as the two multiplied, more than once.
std::string compile_bomb(int locals, int loops) {
  std::string all;
  std::string body;
  for (int i = 0; i < locals; ++i) {
    const std::string number = std::to_string(i);
    all += " i32";
    body += "(local.set " + number + " (i32.add (local.get " + number + ") (i32.const 1)))";
  }
  std::string text = R"((module (memory (export "memory") 1) (func (export "_start") (local)";
  text += all + ")";
  for (int i = 0; i < loops; ++i) text += "(loop " + body + "(br_if 0 (local.get 0)))";
  return text + "))";
}

TEST(Isolation, ACompilationThatTakesTooLongIsStopped) {
  PoolOptions options;
  options.compile_ns_max = 200'000'000;
  Node node(options);
  EXPECT_TRUE(node.run(node.request(kExit), "good").outcome);
  const compute::Answer answer = node.run(node.request(compile_bomb(2000, 20)), "bad");
  ASSERT_TRUE(answer.stopped);
  EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kLimit);
  EXPECT_THAT(answer.stopped->message, HasSubstr("compiled the function for more than 0.2 s"));
  EXPECT_TRUE(node.run(node.request(kTrap), "good").outcome);
  EXPECT_EQ(children(), 1U);
}

TEST(Isolation, ACompilationThatTakesTooMuchMemoryIsStopped) {
  if (!memory_can_be_limited()) GTEST_SKIP() << "a sanitizer's own memory is beyond every limit";
  PoolOptions options;
  options.memory_bytes_max = 384U << 20;
  Node node(options);
  EXPECT_TRUE(node.run(node.request(kExit), "good").outcome);
  const compute::Answer answer = node.run(node.request(compile_bomb(5000, 40)), "bad");
  ASSERT_TRUE(answer.stopped);
  EXPECT_THAT(answer.stopped->message, HasSubstr("the worker process that ran the call failed"));
  EXPECT_TRUE(node.run(node.request(kTrap), "good").outcome);
}

TEST(Isolation, ACompilationIsGivenUpWithItsCall) {
  Node node;
  compute::Request asked = node.request(compile_bomb(5000, 40));
  wasm::Cancellation cancellation;
  asked.cancellation = &cancellation;
  cancellation.cancel();
  const compute::Answer answer = node.run(asked);
  ASSERT_TRUE(answer.stopped);
  EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kCancelled) << answer.stopped->message;
  EXPECT_EQ(node.pool().status().broken, 0U);  // it is nobody's fault
}

}  // namespace
}  // namespace timerose::isolation
