#include "isolation/pool.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "isolation/launch.h"
#include "isolation/message.h"
#include "isolation/testing.h"
#include "isolation/worker.h"
#include "unixfs/reader.h"

namespace timerose::isolation {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kExit = R"wat((module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 42)))))wat";

constexpr std::string_view kForever = R"wat((module
  (memory (export "memory") 1)
  (func (export "_start") (loop $again (br $again)))))wat";

constexpr std::string_view kTrap = R"wat((module
  (memory (export "memory") 1)
  (func (export "_start") unreachable)))wat";

// Standard input to standard output.
constexpr std::string_view kCopy = R"wat((module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "_start")
    (block $end (loop $more
      (i32.store (i32.const 0) (i32.const 1024))
      (i32.store (i32.const 4) (i32.const 65536))
      (br_if $end (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br_if $end (i32.eqz (i32.load (i32.const 8))))
      (i32.store (i32.const 4) (i32.load (i32.const 8)))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br $more))))))wat";

// --- What the worker of this program does when a call's first argument says so ---

void say(const FromWorker& message) {
  const Bytes frame = encode(message);
  (void)send(kChannelDescriptor, frame.data(), frame.size(), MSG_NOSIGNAL);
}

[[noreturn]] void hang() {
  while (true) pause();
}

void go_wrong(const compute::Invocation& call) {
  const std::string how = call.args.empty() ? "" : call.args.front();
  if (how == "crash") __builtin_trap();  // raise() would not end the first process of a namespace
  if (how == "hang") {
    while (true) std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  if (how == "end") _exit(3);
  if (how == "socket") (void)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
  if (how == "fork") (void)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (how == "exec") (void)syscall(SYS_execve, "/bin/sh", nullptr, nullptr);
  if (how == "open" && open("/etc/passwd", O_RDONLY) >= 0) _exit(4);
  if (how == "garbage") {
    (void)send(kChannelDescriptor, "\x08\0\0\0garbage!", 12, MSG_NOSIGNAL);
    hang();
  }
  if (how == "length") {
    (void)send(kChannelDescriptor, "\xff\xff\xff\xff", 4, MSG_NOSIGNAL);
    hang();
  }
  if (how == "lie") {
    compute::Outcome outcome{0U, Cid::of_sha256(Codec::kRaw, as_bytes("never put")), {}, {}};
    say(Ended{Ended::WithOutcome{*outcome.encode(), ""}, 1, 1});
    hang();
  }
  if (how == "meter") {
    const compute::Outcome outcome{0U, {}, {}, {}};
    say(Ended{Ended::WithOutcome{*outcome.encode(), ""}, UINT64_MAX, 1});
    hang();
  }
  if (how == "put") {
    say(PutBlocks{{{Cid::of_sha256(Codec::kRaw, as_bytes("a")), Bytes{'b'}}}});
    hang();
  }
  if (how == "code") {
    say(WantCode{Cid::of_sha256(Codec::kRaw, as_bytes("another's"))});
    hang();
  }
  if (how == "pry") {
    // Asks for a block that the call does not name, and tells by its exit whether it was given.
    say(WantBlock{Cid::of_sha256(Codec::kRaw, as_bytes("a secret"))});
    std::array<char, 256> answer{};
    const ssize_t got = recv(kChannelDescriptor, answer.data(), answer.size(), 0);
    const bool given = got > 6 && answer[5] == 1;
    _exit(given ? 5 : 6);
  }
}

// --- Tests ---

TEST(Isolation, AWorkerGivesTheAnswerOfThisProcess) {
  Node node;
  Bytes data(3'000'000);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i * 7 / 5);
  for (const std::string_view guest : {kExit, kTrap, kCopy}) {
    compute::Request asked = node.request(guest);
    asked.invocation.inputs = {node.add(data)};
    const compute::Answer there = node.run(asked);
    const compute::Answer again = node.run(asked);
    const compute::Answer here = node.run_here(asked);
    ASSERT_TRUE(there.outcome) << there.stopped->message;
    EXPECT_FALSE(there.cached);
    EXPECT_TRUE(again.cached);
    EXPECT_FALSE(here.cached);  // what the worker said is not believed for others
    EXPECT_EQ(there.outcome_cid, here.outcome_cid);
    EXPECT_EQ(there.outcome, here.outcome);
    EXPECT_EQ(there.metering, here.metering);
    EXPECT_EQ(there.trap_message, here.trap_message);
    EXPECT_EQ(there.circumstances.executor, here.circumstances.executor);
    EXPECT_EQ(there.circumstances.blocks_read, here.circumstances.blocks_read);
    EXPECT_EQ(there.circumstances.bytes_read, here.circumstances.bytes_read);
    ASSERT_TRUE(there.receipt);
    EXPECT_TRUE(compute::load_receipt(node.store(), *there.receipt)->verify().ok());
  }
  EXPECT_EQ(node.pool().status().started, 1U);
}

TEST(Isolation, WhatAGuestWritesIsToldWhileItRuns) {
  Node node;
  compute::Request asked = node.request(kCopy);
  asked.invocation.inputs = {node.add(as_bytes("hello"))};
  std::string written;
  asked.on_write = [&](int descriptor, ByteView bytes) {
    EXPECT_EQ(descriptor, 1);
    written += as_text(bytes);
  };
  EXPECT_TRUE(node.run(asked).outcome);
  EXPECT_EQ(written, "hello");
}

TEST(Isolation, TwoRequestersHaveTwoProcesses) {
  Node node;
  EXPECT_TRUE(node.run(node.request(kExit), "a").outcome);
  EXPECT_TRUE(node.run(node.request(kExit), "b").outcome);
  EXPECT_TRUE(node.run(node.request(kTrap), "a").outcome);
  const Pool::Status status = node.pool().status();
  EXPECT_EQ(status.started, 2U);
  EXPECT_EQ(status.processes.size(), 2U);
}

TEST(Isolation, NoMoreProcessesStayThanAreAllowed) {
  PoolOptions options;
  options.workers_max = 1;
  Node node(options);
  EXPECT_TRUE(node.run(node.request(kExit), "a").outcome);
  EXPECT_TRUE(node.run(node.request(kExit), "b").outcome);
  EXPECT_EQ(node.pool().status().processes.size(), 1U);
}

TEST(Isolation, WhatEndsAWorkerFailsItsCallAndNoOther) {
  Node node;
  for (const char* how : {"crash", "end", "garbage", "length", "lie", "meter", "put", "code"}) {
    const compute::Answer answer = node.run(node.request(kExit, {how}), "bad");
    ASSERT_TRUE(answer.stopped) << how;
    EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kInternal) << how;
    EXPECT_THAT(answer.stopped->message, HasSubstr("the worker process that ran the call failed"));
    EXPECT_TRUE(node.run(node.request(kExit, {how + std::string("-not")}), "good").outcome) << how;
  }
  EXPECT_TRUE(node.run(node.request(kExit), "bad").outcome);  // by a new one
  EXPECT_EQ(node.pool().status().broken, 8U);
}

TEST(Isolation, AWorkerThatIsKilledIsTakenForOutOfMemory) {
  Node node;
  std::thread killer([&] {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (node.pool().status().busy == 0 && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    std::vector<pid_t> processes;
    while (processes.empty()) processes = node.pool().status().processes;
    kill(processes.front(), SIGKILL);
  });
  const compute::Answer answer = node.run(node.request(kForever));
  killer.join();
  ASSERT_TRUE(answer.stopped);
  EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kLimit);
  EXPECT_THAT(answer.stopped->message, HasSubstr("memory had run out"));
  EXPECT_TRUE(node.run(node.request(kExit)).outcome);
}

TEST(Isolation, ADeadlineStopsAGuestAndLeavesTheWorker) {
  Node node;
  compute::Request asked = node.request(kForever);
  asked.deadline_ms = 50;
  const compute::Answer answer = node.run(asked);
  ASSERT_TRUE(answer.stopped);
  EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kDeadline);
  EXPECT_TRUE(node.run(node.request(kExit)).outcome);
  EXPECT_EQ(node.pool().status().started, 1U);
}

TEST(Isolation, ACancelledGuestStopsAndLeavesTheWorker) {
  Node node;
  compute::Request asked = node.request(kForever);
  wasm::Cancellation cancellation;
  asked.cancellation = &cancellation;
  std::thread canceller([&] {
    while (node.pool().status().processes.empty()) std::this_thread::yield();
    cancellation.cancel();
  });
  const compute::Answer answer = node.run(asked);
  canceller.join();
  ASSERT_TRUE(answer.stopped);
  EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kCancelled) << answer.stopped->message;
  EXPECT_TRUE(node.run(node.request(kExit)).outcome);
  EXPECT_EQ(node.pool().status().started, 1U);
}

TEST(Isolation, AWorkerThatDoesNotStopIsKilled) {
  Node node;
  compute::Request asked = node.request(kExit, {"hang"});
  asked.deadline_ms = 1;
  const compute::Answer answer = node.run(asked);
  ASSERT_TRUE(answer.stopped);
  EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kInternal);
  EXPECT_THAT(answer.stopped->message, HasSubstr("did not stop at the call's deadline"));
}

TEST(Isolation, FuelStopsAGuestAsItDoesInThisProcess) {
  Node node;
  compute::Request asked = node.request(kForever);
  asked.fuel = 100'000;
  const compute::Answer there = node.run(asked);
  ASSERT_TRUE(there.stopped);
  EXPECT_EQ(there.stopped->reason, wasm::StopReason::kFuel);
  EXPECT_TRUE(node.run(asked).cached);  // its own asker is refused at once
  EXPECT_FALSE(node.run_here(asked).cached);
}

TEST(Isolation, ABlockThatIsMissingStopsTheCall) {
  Node node;
  compute::Request asked = node.request(kCopy);
  asked.invocation.inputs = {Cid::of_sha256(Codec::kRaw, as_bytes("nobody has this"))};
  const compute::Answer answer = node.run(asked);
  ASSERT_TRUE(answer.stopped);
  EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kMissingBlock);
}

TEST(Isolation, AFunctionThatCannotRunIsAnErrorAsItIsInThisProcess) {
  Node node;
  compute::Request asked = node.request(R"((module (import "env" "f" (func))
    (memory (export "memory") 1) (func (export "_start"))))");
  const auto runner = node.pool().runner_for("r", Answers::kOfRequester);
  asked.runner = runner.get();
  const auto there = node.executor().run(asked);
  asked.runner = nullptr;
  const auto here = node.executor().run(asked);
  ASSERT_FALSE(there.ok());
  EXPECT_EQ(there.error().code, here.error().code);
  EXPECT_EQ(there.error().message, here.error().message);
}

TEST(Isolation, ACallThatEndsWorkersAgainAndAgainIsRefused) {
  Node node;
  const compute::Request asked = node.request(kExit, {"crash"});
  for (uint32_t i = 0; i < Strikes::kOfCallMax; ++i) EXPECT_TRUE(node.run(asked).stopped);
  const compute::Answer refused = node.run(asked);
  ASSERT_TRUE(refused.stopped);
  EXPECT_EQ(refused.stopped->reason, wasm::StopReason::kLimit);
  EXPECT_THAT(refused.stopped->message, HasSubstr("it is not run again for"));
  EXPECT_EQ(node.pool().status().started, Strikes::kOfCallMax);
  EXPECT_TRUE(node.run(node.request(kExit)).outcome);
}

TEST(Isolation, AWorkerIsGivenNoBlockThatItsCallDoesNotName) {
  Node node;
  const Bytes secret = to_bytes(as_bytes("a secret"));
  ASSERT_TRUE(node.store().put(Block::of_sha256(Codec::kRaw, secret)).ok());
  const compute::Answer answer = node.run(node.request(kExit, {"pry"}));
  ASSERT_TRUE(answer.stopped);
  EXPECT_THAT(answer.stopped->message, HasSubstr("exit code 6"));
}

// The measures that this system allows, or the reason to leave a test out.
Measures measures_of(Node& node) {
  const auto measures = node.pool().measures();
  EXPECT_TRUE(measures.ok()) << measures.error().message;
  return measures.ok() ? *measures : Measures{};
}

TEST(Isolation, SaysWhatHoldsWorkersIn) {
  Node node;
  const Measures measures = measures_of(node);
  EXPECT_TRUE(measures.has(Measure::kNoNewPrivileges));
  EXPECT_TRUE(measures.has(Measure::kLimits));
  EXPECT_FALSE(measures.has(Measure::kGroup));  // none was set up
  EXPECT_THAT(node.log(), HasSubstr("worker processes are held in by: "));
  EXPECT_THAT(node.log(), HasSubstr("not by: "));
}

TEST(Isolation, SystemCallsThatNoGuestNeedsEndTheWorker) {
  Node node;
  if (!measures_of(node).has(Measure::kSystemCalls)) GTEST_SKIP() << "the system has no seccomp";
  for (const char* how : {"socket", "fork", "exec"}) {
    const compute::Answer answer = node.run(node.request(kExit, {how}));
    ASSERT_TRUE(answer.stopped) << how;
    EXPECT_THAT(answer.stopped->message, HasSubstr("a system call that no guest needs")) << how;
  }
  // Tried by libraries too, so it fails and no more.
  EXPECT_TRUE(node.run(node.request(kExit, {"open"})).outcome);
}

TEST(Isolation, AWorkerHasAnEmptyRootAndNoRights) {
  Node node;
  const Measures measures = measures_of(node);
  if (!measures.has(Measure::kUserNamespace)) GTEST_SKIP() << "the system gives no namespaces";
  EXPECT_TRUE(measures.has(Measure::kEmptyRoot));
  const pid_t process = node.pool().status().processes.at(0);
  const std::string folder = "/proc/" + std::to_string(process);
  std::error_code failure;
  const auto is_empty = std::filesystem::is_empty(folder + "/root", failure);
  EXPECT_TRUE(is_empty || failure);
  const auto status = read_file(folder + "/status", 1U << 16);
  ASSERT_TRUE(status.ok());
  EXPECT_THAT(std::string(as_text(*status)), HasSubstr("CapEff:\t0000000000000000"));
  EXPECT_THAT(std::string(as_text(*status)), HasSubstr("Seccomp:\t2"));
  EXPECT_THAT(std::string(as_text(*status)), HasSubstr("NoNewPrivs:\t1"));
}

TEST(Isolation, AWorkerInheritsNoDescriptor) {
  Node node;
  const FileDescriptor inherited(open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  ASSERT_TRUE(inherited.valid());
  (void)measures_of(node);
  const pid_t process = node.pool().status().processes.at(0);
  std::error_code failure;
  size_t open_ones = 0;
  const auto folder = "/proc/" + std::to_string(process) + "/fd";
  for (const auto& one : std::filesystem::directory_iterator(folder, failure)) {
    (void)one;
    ++open_ones;
  }
  if (failure) GTEST_SKIP() << "the worker's descriptors cannot be looked at: its owner is nobody";
  EXPECT_EQ(open_ones, 5U);
}

}  // namespace
}  // namespace timerose::isolation

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == timerose::isolation::kTestWorker) {
    return timerose::isolation::run_worker({timerose::isolation::go_wrong});
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
