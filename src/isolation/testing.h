// For the tests of this folder: a worker that goes wrong when its call says so, and a node's parts
// around a pool of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "blockstore/memory_blockstore.h"
#include "compute/executor.h"
#include "compute/runner.h"
#include "compute/testing/memory_table.h"
#include "isolation/pool.h"
#include "unixfs/importer.h"
#include "wasm/testing.h"

namespace timerose::isolation {

// The words of a call (its first argument) that the test program's worker acts on before it runs
// the guest; it is started by this word as the program's argument.
inline constexpr const char* kTestWorker = "--be-a-worker";

// Guests: one that ends at once, one that never does, one that traps, and one that copies.
inline constexpr std::string_view kExit = R"wat((module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 42)))))wat";

inline constexpr std::string_view kForever = R"wat((module
  (memory (export "memory") 1)
  (func (export "_start") (loop $again (br $again)))))wat";

inline constexpr std::string_view kTrap = R"wat((module
  (memory (export "memory") 1)
  (func (export "_start") unreachable)))wat";

// Standard input to standard output.
inline constexpr std::string_view kCopy = R"wat((module
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

class Node {
 public:
  explicit Node(PoolOptions options = {}) {
    auto engine = wasm::Engine::create({});
    EXPECT_TRUE(engine.ok()) << engine.error().message;
    engine_ = *std::move(engine);
    modules_ = std::make_unique<wasm::ModuleCache>(*engine_, std::nullopt);
    executor_ = std::make_unique<compute::Executor>(
        compute::Executor::Parts{store_, memo_, *engine_, *modules_, key_, clock_});
    options.program.arguments = {"isolation_test", kTestWorker};
    pool_ = std::make_unique<Pool>(
        Pool::Parts{clock_, [this] { return Result<wasm::ModuleCache*>(modules_.get()); },
                    [this](const std::string& line) {
                      const std::lock_guard lock(mutex_);
                      log_ += line + "\n";
                    }},
        options);
  }

  Cid add(ByteView content) {
    return unixfs::import_bytes(content, unixfs::unixfs_v1_2025(), unixfs::sink_into(store_))->cid;
  }
  compute::Request request(std::string_view wat, std::vector<std::string> args = {}) {
    compute::Invocation call(add(wasm::wat(wat)));
    call.entry = "_start";
    call.args = std::move(args);
    return compute::Request(std::move(call));
  }
  // In a worker of this requester.
  compute::Answer run(compute::Request request, const std::string& requester = "r") {
    const auto runner = pool_->runner_for(requester, Answers::kOfRequester);
    request.runner = runner.get();
    return run_here(request);
  }
  compute::Answer run_here(const compute::Request& request) {
    auto answer = executor_->run(request);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer.ok() ? *std::move(answer) : compute::Answer(request.invocation.module);
  }
  wasm::ModuleCache& modules() { return *modules_; }
  Pool& pool() { return *pool_; }
  compute::Executor& executor() { return *executor_; }
  MemoryBlockstore& store() { return store_; }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

 private:
  SystemClock clock_;
  MemoryBlockstore store_;
  compute::Memo memo_{nullptr, 1U << 20};
  PrivateKey key_ = PrivateKey::from_seed({1, 2, 3});
  std::unique_ptr<wasm::Engine> engine_;
  std::unique_ptr<wasm::ModuleCache> modules_;
  std::unique_ptr<compute::Executor> executor_;
  std::mutex mutex_;
  std::string log_;
  std::unique_ptr<Pool> pool_;
};

// Children of this process, dead ones too.
inline size_t children() {
  size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const auto list = read_file(task.path() / "children", 1U << 20);
    if (list.ok()) count += static_cast<size_t>(std::ranges::count(*list, ' '));
  }
  return count;
}

// Until it is true, for 20 s at most.
template <typename Condition>
void wait_until(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
}

// The measures that this system allows, or the reason to leave a test out.
inline Measures measures_of(Node& node) {
  const auto measures = node.pool().measures();
  EXPECT_TRUE(measures.ok()) << measures.error().message;
  return measures.ok() ? *measures : Measures{};
}

}  // namespace timerose::isolation
