// Workers that go wrong: what they do is here too, as this program is its own worker.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "ipld/dag_cbor.h"
#include "isolation/launch.h"
#include "isolation/message.h"
#include "isolation/sandbox.h"
#include "isolation/testing.h"
#include "isolation/worker.h"

namespace timerose::isolation {
namespace {

using ::testing::HasSubstr;

// --- What the worker of this program does when a call's first argument says so ---

void say(const FromWorker& message) {
  const Bytes frame = encode(message);
  (void)send(kChannelDescriptor, frame.data(), frame.size(), MSG_NOSIGNAL);
}

// Reads where nothing is.
int raise_fault() {
  void* nothing = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return *static_cast<volatile int*>(nothing);
}

using HeldMemory = std::vector<std::unique_ptr<Bytes>>;

void use_more(HeldMemory& memory) {
  memory.push_back(std::make_unique<Bytes>(64U << 20, uint8_t{1}));
}

// More than a worker may have.
void use_memory() {
  HeldMemory all;
  while (true) use_more(all);
}

// What a worker goes on holding when its call has ended.
void keep_memory(uint64_t bytes) {
  static HeldMemory kept;
  for (uint64_t held = 0; held < bytes; held += kept.back()->size()) use_more(kept);
}

Cid secret() { return Cid::of_sha256(Codec::kRaw, as_bytes("a secret")); }

bool is_given(const Cid& block) {
  say(WantBlock{block});
  std::array<char, 256> answer{};
  const ssize_t got = recv(kChannelDescriptor, answer.data(), answer.size(), 0);
  return got > 6 && answer[5] == 1;
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
  if (how == "flood") {
    const PutBlocks::One empty{Cid::of_sha256(Codec::kRaw, {}), {}};
    while (true) say(PutBlocks{std::vector<PutBlocks::One>(100, empty)});
  }
  if (how == "segfault") (void)raise_fault();
  if (how == "memory") use_memory();
  if (how == "keep") keep_memory(2 * kIdleMemoryMax);
  if (how == "compiled") {
    say(Compiled{});
    hang();
  }
  if (how == "twice") {
    say(WantCode{call.module});
    say(WantCode{call.module});
    hang();
  }
  if (how == "code") {
    say(WantCode{Cid::of_sha256(Codec::kRaw, as_bytes("another's"))});
    hang();
  }
  if (how == "expect-code") {
    say(WantCode{call.module});
    std::array<char, 64> answer{};
    alignas(cmsghdr) std::array<char, 64> control{};
    iovec space{answer.data(), answer.size()};
    msghdr message{};
    message.msg_iov = &space;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = recvmsg(kChannelDescriptor, &message, 0);
    const bool compiled = got == 6 && answer[5] == static_cast<char>(GiveCode::What::kCompiled);
    _exit(compiled ? 8 : 7);
  }
  // Both tell by their exit whether they were given a block that the call does not name.
  if (how == "pry") _exit(is_given(secret()) ? 5 : 6);
  if (how == "pry-through") {
    const Bytes link = dag_cbor::encode(Value(secret())).value();
    const Cid own = Cid::of_sha256(Codec::kDagCbor, link);
    say(PutBlocks{{{own, link}}});
    _exit(is_given(own) && !is_given(secret()) ? 6 : 5);
  }
}

// --- Tests ---

TEST(Isolation, WhatEndsAWorkerFailsItsCallAndNoOther) {
  Node node;
  for (const char* how : {"crash", "segfault", "end", "garbage", "length", "lie", "meter", "put",
                          "code", "compiled", "twice"}) {
    const compute::Answer answer = node.run(node.request(kExit, {how}), "bad");
    ASSERT_TRUE(answer.stopped) << how;
    EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kInternal) << how;
    EXPECT_THAT(answer.stopped->message, HasSubstr("the worker process that ran the call failed"));
    EXPECT_TRUE(node.run(node.request(kExit, {how + std::string("-not")}), "good").outcome) << how;
  }
  EXPECT_TRUE(node.run(node.request(kExit), "bad").outcome);  // by a new one
  EXPECT_EQ(node.pool().status().broken, 11U);
}

TEST(Isolation, AWorkerThatTakesTooMuchMemoryFailsItsCallAndNoOther) {
  PoolOptions options;
  options.memory_bytes_max = 1ULL << 30;
  Node node(options);
  if (!memory_can_be_limited()) GTEST_SKIP() << "a sanitizer's own memory is beyond every limit";
  const compute::Answer answer = node.run(node.request(kExit, {"memory"}), "bad");
  ASSERT_TRUE(answer.stopped);
  EXPECT_THAT(answer.stopped->message, HasSubstr("the worker process that ran the call failed"));
  EXPECT_TRUE(node.run(node.request(kExit), "good").outcome);
}

// The limit of one keeps a node that does not look from taking all there is.
PoolOptions options_of_all(uint64_t memory_bytes_of_all_max) {
  PoolOptions options;
  options.memory_bytes_max = 4ULL << 30;
  options.memory_bytes_of_all_max = memory_bytes_of_all_max;
  return options;
}

TEST(Isolation, WorkersThatTakeTooMuchMemoryTogetherFailTheCallsOfWhoHasMost) {
  if (!memory_can_be_limited()) GTEST_SKIP() << "a sanitizer's own memory is beyond every limit";
  Node node(options_of_all(512ULL << 20));
  compute::Request forever = node.request(kForever);
  wasm::Cancellation cancellation;
  forever.cancellation = &cancellation;
  std::optional<compute::Answer> other;
  const compute::Request first = node.request(kExit, {"memory", "1"});
  const compute::Request second = node.request(kExit, {"memory", "2"});
  std::thread good([&] { other = node.run(forever, "good"); });
  std::thread bad([&] { EXPECT_TRUE(node.run(first, "bad").stopped); });
  const compute::Answer answer = node.run(second, "bad");
  bad.join();
  cancellation.cancel();
  good.join();
  ASSERT_TRUE(answer.stopped);
  EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kLimit);
  EXPECT_THAT(answer.stopped->message, HasSubstr("held more than 512.0 MiB together"));
  EXPECT_EQ(other->stopped->reason, wasm::StopReason::kCancelled) << other->stopped->message;
  EXPECT_EQ(node.pool().status().broken, 2U);
}

TEST(Isolation, AWorkerThatPutsBlocksWithoutEndIsEnded) {
  PoolOptions options;
  options.run_put_bytes_max = 10'000 * kPutBlockBytes;
  Node node(options);
  const compute::Answer answer = node.run(node.request(kExit, {"flood"}));
  ASSERT_TRUE(answer.stopped);
  EXPECT_THAT(answer.stopped->message, HasSubstr("bytes of blocks"));
}

TEST(Isolation, AnIdleWorkerThatHoldsMuchMemoryEnds) {
  Node node(options_of_all(2ULL << 30));
  EXPECT_TRUE(node.run(node.request(kExit, {"keep"})).outcome);
  wait_until([&] { return node.pool().status().processes.empty(); });
  EXPECT_TRUE(node.pool().status().processes.empty());
  EXPECT_EQ(node.pool().status().broken, 0U);
}

size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

TEST(Isolation, CrashesLeaveNothingBehind) {
  Node node;
  EXPECT_TRUE(node.run(node.request(kExit)).outcome);
  const size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_TRUE(node.run(node.request(kExit, {"crash", number}), "bad" + number).stopped);
  }
  EXPECT_EQ(node.pool().status().broken, 20U);
  wait_until([&] { return open_descriptors() <= before; });
  EXPECT_LE(open_descriptors(), before);
  EXPECT_EQ(children(), 1U);
}

TEST(Isolation, AnIdleWorkerThatEndsIsGoneAtOnce) {
  Node node;
  EXPECT_TRUE(node.run(node.request(kExit)).outcome);
  ASSERT_EQ(children(), 1U);
  kill(node.pool().status().processes.at(0), SIGKILL);
  wait_until([&] { return children() == 0; });  // and nobody asks the pool for anything
  EXPECT_EQ(children(), 0U);
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

TEST(Isolation, AWorkerThatDoesNotStopIsKilled) {
  Node node;
  compute::Request asked = node.request(kExit, {"hang"});
  asked.deadline_ms = 1;
  const compute::Answer answer = node.run(asked);
  ASSERT_TRUE(answer.stopped);
  EXPECT_EQ(answer.stopped->reason, wasm::StopReason::kInternal);
  EXPECT_THAT(answer.stopped->message, HasSubstr("did not stop at the call's deadline"));
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
  const Bytes told = to_bytes(as_bytes("a secret"));
  ASSERT_TRUE(node.store().put(Block::of_sha256(Codec::kRaw, told)).ok());
  for (const char* how : {"pry", "pry-through"}) {
    const compute::Answer answer = node.run(node.request(kExit, {how}));
    ASSERT_TRUE(answer.stopped) << how;
    EXPECT_THAT(answer.stopped->message, HasSubstr("exit code 6")) << how;
  }
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

}  // namespace
}  // namespace timerose::isolation

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == timerose::isolation::kTestWorker) {
    return timerose::isolation::run_worker({timerose::isolation::go_wrong});
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
