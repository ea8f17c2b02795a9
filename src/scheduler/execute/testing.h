// For the tests of this folder: whole nodes, executor and requester, on a made-up network, each
// with its own loop and thread.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "blockstore/memory_blockstore.h"
#include "compute/executor.h"
#include "exchange/network_blockstore.h"
#include "exchange/service.h"
#include "mesh/host_testing.h"
#include "mesh/memory_network.h"
#include "multiformats/peer_testing.h"
#include "scheduler/execute/service.h"
#include "unixfs/importer.h"
#include "wasm/testing.h"

namespace timerose::scheduler::execute::testing_support {

// What the asker of a call is told, for a thread that waits.
class Updates {
 public:
  void put(Update update) {
    const std::lock_guard lock(mutex_);
    updates_.push_back(std::move(update));
    changed_.notify_all();
  }
  // The next of this kind, passing over others; nothing after a minute.
  template <typename T>
  std::optional<T> next() {
    std::unique_lock lock(mutex_);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (true) {
      for (; seen_ < updates_.size(); ++seen_) {
        if (auto* one = std::get_if<T>(&updates_[seen_])) return *one;
      }
      if (changed_.wait_until(lock, end) == std::cv_status::timeout) return std::nullopt;
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Update> updates_;
  size_t seen_ = 0;
};

class TestNode : public mesh::testing_support::HostThread {
 public:
  TestNode(mesh::MemoryNetwork& network, uint8_t number, const std::vector<uint8_t>& requesters,
           const ServiceOptions& options = {})
      : HostThread(
            network.add_host(numbered_peer(number), mesh::MemoryNetwork::Driven::kByDescriptor)),
        key_(numbered_key(number)),
        random_(number),
        exchange_({loop(), host(), store_, random_, pool_}, {}),
        content_(store_, exchange_, {}) {
    auto engine = wasm::Engine::create({});
    EXPECT_TRUE(engine.ok());
    engine_ = std::move(engine).value();
    modules_ = std::make_unique<wasm::ModuleCache>(*engine_, std::nullopt);
    executor_ = std::make_unique<compute::Executor>(
        compute::Executor::Parts{content_, memo_, *engine_, *modules_, key_, clock_});
    TrustList trust(id());
    for (const uint8_t requester : requesters) {
      EXPECT_TRUE(trust.add(numbered_peer(requester), Role::kRequester).ok());
    }
    service_ = std::make_unique<Service>(
        Service::Parts{loop(),
                       host(),
                       random_,
                       [this] { return Result<compute::Executor*>(executor_.get()); },
                       store_,
                       exchange_,
                       key_.public_key(),
                       2,
                       {}},
        options, std::move(trust));
    EXPECT_TRUE(host().listen("/memory/0").ok());
    start([this](const mesh::Event& event) {
      if (!service_->on_event(event)) exchange_.on_event(event);
    });
  }
  ~TestNode() {
    stop([this] {
      service_->stop();
      exchange_.stop();
    });
  }

  [[nodiscard]] const PrivateKey& key() const { return key_; }
  Service& service() { return *service_; }
  GuardedBlockstore& store() { return store_; }

  void connect(const PeerId& other) { EXPECT_TRUE(HostThread::connect(other)); }

  Cid add(ByteView bytes) {
    auto added = unixfs::import_bytes(bytes, unixfs::unixfs_v1_2025(), unixfs::sink_into(store_));
    EXPECT_TRUE(added.ok());
    return added.value().cid;
  }
  Cid add_module(std::string_view text) { return add(wasm::wat(text)); }

  template <typename Question>
  std::shared_ptr<Updates> ask(const PeerId& executor, Question question) {
    auto updates = std::make_shared<Updates>();
    last_call = service_->ask(executor, std::move(question),
                              [updates](Update update) { updates->put(std::move(update)); });
    return updates;
  }
  CallNumber last_call = 0;

 private:
  PrivateKey key_;
  SystemClock clock_;
  SeededRandom random_;
  ThreadPool pool_{2};
  MemoryBlockstore blocks_;
  GuardedBlockstore store_{blocks_};
  exchange::Service exchange_;
  exchange::NetworkBlockstore content_;
  compute::Memo memo_{nullptr, 1U << 20};
  std::unique_ptr<wasm::Engine> engine_;
  std::unique_ptr<wasm::ModuleCache> modules_;
  std::unique_ptr<compute::Executor> executor_;
  std::unique_ptr<Service> service_;
};

inline Offer offer_of(const compute::Invocation& call) {
  Offer offer;
  offer.invocation = call.encode().value();
  offer.fuel = 1ULL << 40;
  return offer;
}

inline compute::Invocation command(const Cid& module) {
  compute::Invocation call(module);
  call.entry = "_start";
  return call;
}

// Writes its standard input to its standard output.
inline constexpr std::string_view kEcho = R"wat((module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (block $end (loop $more
      (i32.store (i32.const 0) (i32.const 1024))
      (i32.store (i32.const 4) (i32.const 4096))
      (br_if $end (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br_if $end (i32.eqz (i32.load (i32.const 8))))
      (i32.store (i32.const 4) (i32.load (i32.const 8)))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br $more))))))wat";

// Says so, and goes on without end.
inline constexpr std::string_view kForever = R"wat((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "started\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const 8))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (loop $again (br $again)))))wat";

}  // namespace timerose::scheduler::execute::testing_support
