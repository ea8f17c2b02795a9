// For the tests of this folder: nodes on a made-up network, each with its own loop and thread.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/random.h"
#include "blockstore/memory_blockstore.h"
#include "exchange/bitswap/message.h"
#include "exchange/service.h"
#include "mesh/host_testing.h"
#include "mesh/memory_network.h"
#include "multiformats/peer_testing.h"

namespace timerose::exchange::testing_support {

inline Block block_number(uint64_t number, size_t size = 100) {
  Bytes bytes(size);
  SeededRandom(number).fill(bytes);
  return Block::of_sha256(Codec::kRaw, std::move(bytes));
}

class TestNode : public mesh::testing_support::HostThread {
 public:
  TestNode(mesh::MemoryNetwork& network, uint32_t number, const ServiceOptions& options = {},
           uint64_t store_bytes_max = UINT64_MAX, BlockSource* second = nullptr)
      : HostThread(
            network.add_host(numbered_peer(number), mesh::MemoryNetwork::Driven::kByDescriptor)),
        store(store_bytes_max),
        random_(number),
        service_({loop(), host(), store, random_, pool_, second}, options) {
    EXPECT_TRUE(host().listen("/memory/0").ok());
    start([this](const mesh::Event& event) { service_.on_event(event); });
  }
  ~TestNode() {
    stop([this] { service_.stop(); });
  }

  Service& service() { return service_; }

  // Runs something on the loop, without waiting.
  void post(std::function<void()> task) { loop().post(std::move(task)); }
  void connect(const TestNode& other) { HostThread::connect(other.id()); }

  MemoryBlockstore store;

 private:
  SeededRandom random_;
  ThreadPool pool_{2};
  Service service_;
};

// A peer that says what it is told to, driven by the test.
class ScriptedPeer {
 public:
  ScriptedPeer(mesh::MemoryNetwork& network, uint32_t number)
      : host_(network.add_host(numbered_peer(number))) {
    host_->handle_protocol({std::string(bitswap::kProtocol120), bitswap::kFrameBytesMax, 4});
  }

  [[nodiscard]] const PeerId& id() const { return host_->self(); }
  mesh::Host& host() { return *host_; }

  void connect(const PeerId& other) { EXPECT_TRUE(host_->connect({other, {}}).ok()); }
  mesh::StreamId open(const PeerId& other) {
    return host_->open_stream(other, {std::string(bitswap::kProtocol120)});
  }
  mesh::Sent send(mesh::StreamId stream, const bitswap::Outgoing& message) {
    const bitswap::Encoded encoded = bitswap::encode(message, bitswap::Version::k120);
    return host_->send(stream, encoded.pieces);
  }

  // The next event of a kind, passing over others; waits for it, ten seconds at most.
  template <typename Kind>
  std::optional<Kind> next() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < end) {
      std::vector<mesh::Event> events;
      host_->take_events(events, 1);
      if (events.empty()) {
        std::this_thread::yield();
      } else if (auto* found = std::get_if<Kind>(&events[0])) {
        return std::move(*found);
      }
    }
    return std::nullopt;
  }
  // What it is asked next.
  std::optional<bitswap::Message> next_wants() {
    while (auto frame = next<mesh::StreamFrame>()) {
      auto message = bitswap::decode(frame->frame);
      if (message.ok() && !message->wants.empty()) return std::move(*message);
    }
    return std::nullopt;
  }

 private:
  std::unique_ptr<mesh::Host> host_;
};

}  // namespace timerose::exchange::testing_support
