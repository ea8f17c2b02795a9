#include "isolation/pool.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <thread>

#include "isolation/testing.h"
#include "unixfs/reader.h"

namespace timerose::isolation {
namespace {

using ::testing::HasSubstr;

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

// So many bytes and no more.
class SmallRoom final : public wasm::OutputRoom {
 public:
  explicit SmallRoom(uint64_t bytes) : left_(bytes) {}
  Status take(uint64_t bytes) override {
    if (bytes > left_) return Error{ErrorCode::kLimitExceeded, "the room is full"};
    left_ -= bytes;
    return success();
  }

 private:
  uint64_t left_;
};

TEST(Isolation, AGuestForWhoseOutputThereIsNoRoomIsStopped) {
  Node node;
  compute::Request asked = node.request(kCopy);
  asked.invocation.inputs = {node.add(Bytes(3 * wasm::HeldOutput::kStepBytes))};
  SmallRoom small(wasm::HeldOutput::kStepBytes);
  asked.output_room = &small;
  for (const bool isolated : {true, false}) {
    const compute::Answer answer = isolated ? node.run(asked) : node.run_here(asked);
    ASSERT_TRUE(answer.stopped);
    EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kLimit);
    EXPECT_EQ(answer.stopped->message, "the room is full");
    small = SmallRoom(wasm::HeldOutput::kStepBytes);
  }
  small = SmallRoom(2 * wasm::HeldOutput::kStepBytes);
  EXPECT_TRUE(node.run(asked).outcome);
  EXPECT_EQ(node.pool().status().broken, 0U);
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

TEST(Isolation, SaysWhatHoldsWorkersIn) {
  Node node;
  const Measures measures = measures_of(node);
  EXPECT_TRUE(measures.has(Measure::kNoNewPrivileges));
  EXPECT_TRUE(measures.has(Measure::kLimits));
  EXPECT_FALSE(measures.has(Measure::kGroup));  // none was set up
  EXPECT_THAT(node.log(), HasSubstr("worker processes are held in by: "));
  EXPECT_THAT(node.log(), HasSubstr("not by: "));
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
