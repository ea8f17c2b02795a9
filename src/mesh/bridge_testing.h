// What the tests of real hosts share: a host with its events, and waiting for them.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <iterator>

#include "mesh/bridge_host.h"

namespace timerose::mesh::testing_hosts {

using SteadyClock = std::chrono::steady_clock;

inline constexpr std::chrono::milliseconds kDeadline = std::chrono::seconds(20);
// A condition may also change without an event.
inline constexpr int kPollMilliseconds = 20;
inline const Protocol kEcho{.name = "/timerose/test/1.0.0", .frame_bytes_max = 4U << 20};
inline const Protocol kOneWay{
    .name = "/timerose/test-one-way/1.0.0", .frame_bytes_max = 4U << 20, .sends_after_end = true};

inline PrivateKey key_of(uint8_t number) {
  std::array<uint8_t, 32> seed{};
  seed[0] = number;
  return PrivateKey::from_seed(seed);
}

// A host, and all that it has told.
class Node {
 public:
  explicit Node(uint8_t number, const std::string& address = "/ip4/127.0.0.1/tcp/0",
                const std::function<void(HostOptions&)>& change = {}) {
    HostOptions options;
    options.listen = {address};
    options.mdns = false;
    options.dht = DhtMode::kServer;
    if (change) change(options);
    auto host = start_bridge_host(key_of(number), options);
    if (!host.ok()) ADD_FAILURE() << host.error().message;
    host_ = std::move(host).value();
    host_->handle_protocol(kEcho);
    host_->handle_protocol(kOneWay);
  }

  Host& operator*() { return *host_; }
  Host* operator->() { return host_.get(); }
  const PeerId& id() { return host_->self(); }

  void take(size_t max = 1000) {
    std::vector<Event> taken;
    host_->take_events(taken, max);
    std::move(taken.begin(), taken.end(), std::back_inserter(events_));
  }

  // The first event of this kind that fits, which is removed.
  template <typename T>
  std::optional<T> pop(const std::function<bool(const T&)>& fits = {}) {
    for (auto it = events_.begin(); it != events_.end(); ++it) {
      auto* event = std::get_if<T>(&*it);
      if (event == nullptr || (fits && !fits(*event))) continue;
      T found = std::move(*event);
      events_.erase(it);
      return found;
    }
    return std::nullopt;
  }

  PeerAddresses where() { return {.peer = id(), .addresses = host_->listen_addresses()}; }

 private:
  std::unique_ptr<Host> host_;
  std::deque<Event> events_;
};

// Until `done`, the events of all nodes are taken as they come. False at the deadline.
inline bool run(const std::vector<Node*>& nodes, const std::function<bool()>& done,
                std::chrono::milliseconds limit = kDeadline) {
  const auto deadline = SteadyClock::now() + limit;
  std::vector<pollfd> descriptors;
  for (Node* node : nodes) descriptors.push_back({(*node)->event_descriptor(), POLLIN, 0});
  while (true) {
    for (Node* node : nodes) node->take();
    if (done()) return true;
    if (SteadyClock::now() > deadline) return false;
    ::poll(descriptors.data(), descriptors.size(), kPollMilliseconds);
  }
}

template <typename T>
std::optional<T> wait(Node& node, const std::vector<Node*>& nodes,
                      const std::function<bool(const T&)>& fits = {}) {
  std::optional<T> found;
  EXPECT_TRUE(run(nodes, [&] {
    found = node.pop<T>(fits);
    return found.has_value();
  })) << "the deadline has passed";
  return found;
}

inline void join(Node& from, Node& to) {
  ASSERT_TRUE(run({&from, &to}, [&] { return !to->listen_addresses().empty(); }));
  const auto status = from->connect(to.where());
  ASSERT_TRUE(status.ok()) << status.error().message;
  ASSERT_TRUE(wait<ConnectionOpened>(from, {&from, &to}));
  ASSERT_TRUE(wait<ConnectionOpened>(to, {&from, &to}));
}

inline Bytes pattern(size_t size, uint8_t first) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(first + i * 7 + (i >> 8));
  return bytes;
}

struct Pair {
  StreamId near;
  StreamId far;
};

inline Pair open(Node& from, Node& to, const Protocol& protocol = kEcho) {
  const StreamId near = from->open_stream(to.id(), {"/not/spoken/1.0.0", protocol.name});
  const auto is_near = [=](const StreamOpened& opened) { return opened.stream == near; };
  const auto here = wait<StreamOpened>(from, {&from, &to}, is_near);
  const auto there = wait<StreamOpened>(to, {&from, &to});
  EXPECT_TRUE(here && here->direction == Direction::kOutbound);
  EXPECT_TRUE(there && there->peer == from.id() && there->protocol == protocol.name);
  return {near, there ? there->stream : StreamId{}};
}

}  // namespace timerose::mesh::testing_hosts
