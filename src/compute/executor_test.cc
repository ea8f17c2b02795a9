#include "compute/executor.h"

#include <gtest/gtest.h>

#include <thread>

#include "blockstore/memory_blockstore.h"
#include "compute/function.h"
#include "compute/place.h"
#include "compute/runner.h"
#include "compute/testing/memory_table.h"
#include "unixfs/reader.h"
#include "wasm/testing.h"

namespace timerose::compute {
namespace {

// Writes its standard input to its standard output, and 16 random bytes if it has an argument.
constexpr std::string_view kEcho = R"wat((module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $emit (param $length i32)
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (block $end (loop $more
      (i32.store (i32.const 0) (i32.const 1024))
      (i32.store (i32.const 4) (i32.const 4096))
      (br_if $end (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br_if $end (i32.eqz (i32.load (i32.const 8))))
      (call $emit (i32.load (i32.const 8)))
      (br $more)))
    (drop (call $args (i32.const 0) (i32.const 4)))
    (if (i32.gt_u (i32.load (i32.const 0)) (i32.const 1)) (then
      (drop (call $random (i32.const 1024) (i32.const 16)))
      (call $emit (i32.const 16)))))))wat";

constexpr std::string_view kTrap = R"wat((module
  (memory (export "memory") 1)
  (func (export "_start") unreachable)))wat";

constexpr std::string_view kForever = R"wat((module
  (memory (export "memory") 1)
  (func (export "_start") (loop $again (br $again)))))wat";

constexpr std::string_view kExit = R"wat((module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 42)))))wat";

class ExecutorTest : public ::testing::Test {
 protected:
  ExecutorTest() {
    auto made = wasm::Engine::create({});
    EXPECT_TRUE(made.ok()) << made.error().message;
    engine_ = std::move(made).value();
    modules_ = std::make_unique<wasm::ModuleCache>(*engine_, std::nullopt);
    executor_ = std::make_unique<Executor>(parts());
  }

  Executor::Parts parts() { return {store_, memo_, *engine_, *modules_, key_, clock_}; }
  Cid add(ByteView content) {
    return unixfs::import_bytes(content, unixfs::unixfs_v1_2025(), unixfs::sink_into(store_))->cid;
  }
  Request request(std::string_view wat) {
    Invocation call(add(wasm::wat(wat)));
    call.entry = "_start";
    return Request(std::move(call));
  }
  Outcome kept_outcome(const Cid& cid) {
    return Outcome::decode(store_.get(cid).value().view()).value();
  }
  Answer run(const Request& request) { return run(*executor_, request); }
  static Answer run(Executor& executor, const Request& request) {
    auto answer = executor.run(request);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer.ok() ? *std::move(answer) : Answer(request.invocation.module);
  }

  MemoryBlockstore store_;
  testing::MemoryTable table_;
  Memo memo_{&table_, 1U << 20};
  std::unique_ptr<wasm::Engine> engine_;
  std::unique_ptr<wasm::ModuleCache> modules_;
  PrivateKey key_ = PrivateKey::from_seed({1, 2, 3});
  SystemClock clock_;
  std::unique_ptr<Executor> executor_;
};

TEST_F(ExecutorTest, RunsAFunctionNamedByACidOnDataNamedByACid) {
  Request asked = request(kEcho);
  asked.invocation.inputs = {add(as_bytes("hello"))};
  const Answer answer = run(asked);
  ASSERT_TRUE(answer.outcome);
  EXPECT_TRUE(answer.outcome->succeeded());
  EXPECT_EQ(as_text(answer.outcome->stdout_written.bytes), "hello");
  EXPECT_EQ(answer.outcome->output, asked.invocation.inputs.front());  // the same bytes
  EXPECT_FALSE(answer.cached);
  EXPECT_GT(answer.metering.fuel_used, 0U);
  EXPECT_EQ(answer.metering.memory_bytes_peak, 65536U);
  EXPECT_EQ(answer.circumstances.blocks_read, 1U);
  EXPECT_EQ(answer.circumstances.bytes_read, 5U);
}

TEST_F(ExecutorTest, KeepsInvocationOutcomeAndASignedReceipt) {
  const Request asked = request(kExit);
  const Answer answer = run(asked);
  EXPECT_EQ(*load_invocation(store_, answer.invocation), asked.invocation);
  EXPECT_EQ(kept_outcome(*answer.outcome_cid), *answer.outcome);
  ASSERT_TRUE(answer.receipt);
  const auto receipt = load_receipt(store_, *answer.receipt);
  ASSERT_TRUE(receipt.ok()) << receipt.error().message;
  EXPECT_TRUE(receipt->verify().ok());
  EXPECT_EQ(receipt->invocation, answer.invocation);
  EXPECT_EQ(receipt->outcome, answer.outcome_cid);
  EXPECT_EQ(receipt->metering, answer.metering);
  EXPECT_EQ(receipt->circumstances, answer.circumstances);
  EXPECT_EQ(receipt->circumstances.executor, key_.public_key());
}

TEST_F(ExecutorTest, TheSecondTimeTheMemoAnswers) {
  const Request asked = request(kExit);
  const Answer first = run(asked);
  EXPECT_EQ(first.outcome->exit_code(), 42U);
  Memo later(&table_, 1U << 20);
  Executor::Parts other{store_, later, *engine_, *modules_, key_, clock_};
  Executor another(other);
  for (Executor* executor : {executor_.get(), &another}) {
    const Answer second = run(*executor, asked);
    EXPECT_TRUE(second.cached);
    EXPECT_EQ(second.invocation, first.invocation);
    EXPECT_EQ(second.outcome_cid, first.outcome_cid);
    EXPECT_EQ(second.outcome, first.outcome);
    EXPECT_EQ(second.metering, first.metering);
    EXPECT_EQ(second.receipt, first.receipt);
  }
}

TEST_F(ExecutorTest, TwoWaysToAskForOneCallHaveOneAnswer) {
  Request plain = request(kEcho);
  plain.invocation.inputs = {add(as_bytes("x"))};
  Request explicit_stdin = plain;
  explicit_stdin.invocation.stdin_file = plain.invocation.inputs.front();
  explicit_stdin.invocation.memory_bytes_max += 1;
  const Answer first = run(plain);
  const Answer second = run(explicit_stdin);
  EXPECT_TRUE(second.cached);
  EXPECT_EQ(second.invocation, first.invocation);
}

TEST_F(ExecutorTest, WithoutTheMemoItExecutesAgain) {
  Request asked = request(kExit);
  const Answer first = run(asked);
  asked.use_memo = false;
  const Answer second = run(asked);
  EXPECT_FALSE(second.cached);
  EXPECT_EQ(second.outcome_cid, first.outcome_cid);
}

TEST_F(ExecutorTest, ATrapIsAnOutcomeWithoutOutput) {
  const Answer answer = run(request(kTrap));
  ASSERT_TRUE(answer.outcome);
  EXPECT_TRUE(answer.outcome->trapped());
  EXPECT_EQ(std::get<1>(answer.outcome->ending), wasm::TrapKind::kUnreachable);
  EXPECT_FALSE(answer.outcome->output);
  EXPECT_FALSE(answer.trap_message.empty());
  EXPECT_TRUE(answer.receipt);
}

TEST_F(ExecutorTest, ABudgetThatWasTooSmallIsRefusedAtOnce) {
  Request asked = request(kForever);
  asked.fuel = 10'000;
  const Answer first = run(asked);
  EXPECT_FALSE(first.outcome);
  ASSERT_TRUE(first.stopped);
  EXPECT_EQ(first.stopped->reason, wasm::StopReason::kFuel);
  EXPECT_FALSE(first.cached);
  asked.fuel = 9'999;
  const Answer refused = run(asked);
  EXPECT_TRUE(refused.cached);
  EXPECT_EQ(refused.stopped->reason, wasm::StopReason::kFuel);
  EXPECT_NE(refused.stopped->message.find("10000"), std::string::npos);
  asked.fuel = 10'001;
  EXPECT_FALSE(run(asked).cached);
}

TEST_F(ExecutorTest, AnOutcomeAnswersARequestOfAnyBudget) {
  Request asked = request(kExit);
  EXPECT_TRUE(run(asked).outcome);
  asked.fuel = 1;
  EXPECT_TRUE(run(asked).outcome);
}

TEST_F(ExecutorTest, ADeadlineLeavesNothingBehind) {
  Request asked = request(kForever);
  asked.deadline_ms = 20;
  for (int i = 0; i < 2; ++i) {
    const Answer answer = run(asked);
    EXPECT_FALSE(answer.cached);
    ASSERT_TRUE(answer.stopped);
    EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kDeadline);
  }
}

TEST_F(ExecutorTest, RandomnessComesFromTheInvocationAndItsSeed) {
  Request asked = request(kEcho);
  asked.invocation.args = {"random"};
  asked.use_memo = false;
  const Bytes first = run(asked).outcome->stdout_written.bytes;
  EXPECT_EQ(first.size(), 16U);
  EXPECT_EQ(run(asked).outcome->stdout_written.bytes, first);
  asked.invocation.seed = {1};
  EXPECT_NE(run(asked).outcome->stdout_written.bytes, first);
}

TEST_F(ExecutorTest, WhatWasWrittenIsInlineUpToTheLimitAndThenAFile) {
  for (const size_t length : {kInlineBytesMax, kInlineBytesMax + 1}) {
    const Bytes text(length, 't');
    Request asked = request(kEcho);
    asked.invocation.inputs = {add(text)};
    const Answer answer = run(asked);
    const Written& written = answer.outcome->stdout_written;
    EXPECT_EQ(written.file.has_value(), length > kInlineBytesMax);
    EXPECT_EQ(*read_written(store_, written, 1U << 20), text);
    EXPECT_EQ(answer.outcome->output, asked.invocation.inputs.front());
  }
}

TEST_F(ExecutorTest, RecordsInMemoryAndLaterForGood) {
  Request asked = request(kExit);
  asked.recording = Recording::kInMemory;
  Answer answer = run(asked);
  EXPECT_FALSE(answer.receipt);
  EXPECT_FALSE(*store_.has(*answer.outcome_cid));
  EXPECT_EQ(table_.size(), 0U);
  EXPECT_TRUE(run(asked).cached);
  ASSERT_TRUE(executor_->record(asked.invocation, answer).ok());
  ASSERT_TRUE(answer.receipt);
  EXPECT_TRUE(load_receipt(store_, *answer.receipt)->verify().ok());
  EXPECT_EQ(kept_outcome(*answer.outcome_cid), *answer.outcome);
  EXPECT_EQ(run(asked).receipt, answer.receipt);
}

TEST_F(ExecutorTest, RecordsOnlyAnExecutionsOwnAnswer) {
  Request asked = request(kExit);
  Answer answer = run(asked);
  Invocation another = asked.invocation;
  another.args = {"x"};
  EXPECT_FALSE(executor_->record(another, answer).ok());
  Answer cached = run(asked);
  EXPECT_FALSE(executor_->record(asked.invocation, cached).ok());
}

TEST_F(ExecutorTest, RerunSaysWhetherTheOutcomeIsTheSame) {
  const Request asked = request(kExit);
  const Answer answer = run(asked);
  const auto honest = executor_->rerun(answer.invocation);
  ASSERT_TRUE(honest.ok()) << honest.error().message;
  EXPECT_TRUE(honest->same());
  EXPECT_FALSE(honest->answer.cached);

  Remembered lie;
  lie.outcome.ending = 0U;
  lie.outcome_digest = sha256(*lie.outcome.encode());
  lie.metering.engine = answer.metering.engine;
  const MemoKey name{*object_digest(answer.invocation), place_of(*asked.invocation.canonical())};
  ASSERT_TRUE(memo_.remember(name, lie, Memo::Keep::kInTable).ok());
  const auto exposed = executor_->rerun(answer.invocation);
  EXPECT_FALSE(exposed->same());
  EXPECT_EQ(exposed->answer.outcome_cid, answer.outcome_cid);
  EXPECT_EQ(exposed->remembered, object_cid(lie.outcome_digest));
  EXPECT_EQ(executor_->rerun(object_cid(sha256(as_bytes("none")))).error().code,
            ErrorCode::kNotFound);
}

TEST_F(ExecutorTest, AskersAtTheSameTimeShareOneExecution) {
  Request asked = request(kEcho);
  asked.invocation.inputs = {add(Bytes(1U << 16, 'x'))};
  asked.recording = Recording::kInMemory;
  std::atomic<int> executions = 0;
  std::atomic<int> started = 0;
  std::vector<std::thread> threads;
  constexpr int kThreads = 8;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      ++started;
      while (started < kThreads) std::this_thread::yield();
      const Answer answer = run(asked);
      EXPECT_TRUE(answer.outcome);
      if (!answer.cached) ++executions;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(executions, 1);
}

TEST_F(ExecutorTest, AnAskersDeadlineHoldsWhileAnotherExecutes) {
  std::atomic<bool> waited = false;
  const auto ask_until_one_waited = [&](std::uint64_t deadline_ms) {
    Request asked = request(kForever);
    asked.deadline_ms = deadline_ms;
    while (!waited) {
      const Answer answer = run(asked);
      ASSERT_TRUE(answer.stopped);
      EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kDeadline);
      if (answer.stopped->message.find("another execution") != std::string::npos) waited = true;
    }
  };
  std::thread patient(ask_until_one_waited, 200);
  ask_until_one_waited(10);
  patient.join();
}

TEST_F(ExecutorTest, SaysWhatCannotRun) {
  Request asked = request(kExit);
  asked.invocation.module = Cid::of_sha256(Codec::kRaw, as_bytes("not here"));
  EXPECT_EQ(executor_->run(asked).error().code, ErrorCode::kNotFound);
  asked.invocation.module = add(as_bytes("no module"));
  EXPECT_EQ(executor_->run(asked).error().code, ErrorCode::kMalformed);
  asked = request(R"((module (import "env" "magic" (func)) (memory (export "memory") 1)
                     (func (export "_start"))))");
  const auto unknown = executor_->run(asked);
  EXPECT_EQ(unknown.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(unknown.error().message.find("magic"), std::string::npos);
  asked = request(kExit);
  asked.invocation.entry = "";
  EXPECT_EQ(executor_->run(asked).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ExecutorTest, AMissingInputStopsTheCallWithoutAnOutcome) {
  Request asked = request(kEcho);
  asked.invocation.inputs = {Cid::of_sha256(Codec::kRaw, as_bytes("not here"))};
  const auto answer = executor_->run(asked);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_FALSE(answer->outcome);
  ASSERT_TRUE(answer->stopped);
  EXPECT_EQ(answer->stopped->reason, wasm::StopReason::kMissingBlock);
}

TEST_F(ExecutorTest, OutputIsSeenWhileTheGuestRuns) {
  Request asked = request(kEcho);
  asked.invocation.inputs = {add(as_bytes("live"))};
  std::string seen;
  asked.on_write = [&](int descriptor, ByteView piece) {
    EXPECT_EQ(descriptor, 1);
    seen += as_text(piece);
  };
  run(asked);
  EXPECT_EQ(seen, "live");
}

// Says that every call ended with its exit code.
class Teller final : public Runner {
 public:
  Teller(uint32_t code, std::optional<Sha256Digest> scope) : code_(code), scope_(scope) {}
  int asked = 0;

  Result<Answer> run(const Invocation& /*call*/, const Sha256Digest& digest,
                     const Budget& /*budget*/, const wasi::Context::OnWrite& /*on_write*/,
                     const Surroundings& around) override {
    ++asked;
    Answer answer(object_cid(digest));
    answer.outcome = Outcome{code_, {}, {}, {}};
    answer.outcome_cid = object_cid(sha256(*answer.outcome->encode()));
    answer.metering.engine = around.engine;
    return answer;
  }
  [[nodiscard]] bool is_warm(const Invocation& /*call*/) const override { return true; }
  [[nodiscard]] const std::optional<Sha256Digest>& scope() const override { return scope_; }

 private:
  uint32_t code_;
  std::optional<Sha256Digest> scope_;
};

TEST_F(ExecutorTest, WhatARunnerSaysIsRememberedForItsOwnScopeOnly) {
  Teller mine(7, sha256(as_bytes("me")));
  Teller yours(8, sha256(as_bytes("you")));
  Request asked = request(kExit);
  asked.runner = &mine;
  EXPECT_EQ(run(asked).outcome->exit_code(), 7U);
  EXPECT_EQ(run(asked).outcome->exit_code(), 7U);
  EXPECT_EQ(mine.asked, 1);
  asked.runner = &yours;
  EXPECT_EQ(run(asked).outcome->exit_code(), 8U);
  asked.runner = nullptr;
  EXPECT_EQ(run(asked).outcome->exit_code(), 42U);
  // What this process has found out itself is for all.
  Teller another(9, sha256(as_bytes("another")));
  asked.runner = &another;
  EXPECT_EQ(run(asked).outcome->exit_code(), 42U);
  EXPECT_EQ(another.asked, 0);
}

TEST_F(ExecutorTest, ARunnerWithoutAScopeSpeaksForAll) {
  Teller own(7, std::nullopt);
  Request asked = request(kExit);
  asked.runner = &own;
  EXPECT_EQ(run(asked).outcome->exit_code(), 7U);
  asked.runner = nullptr;
  EXPECT_EQ(run(asked).outcome->exit_code(), 7U);
}

}  // namespace
}  // namespace timerose::compute
