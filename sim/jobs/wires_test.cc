#include "sim/jobs/wires.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace timerose::sim::jobs {
namespace {

using scheduler::execute::Busy;
using scheduler::execute::Cancel;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Recorder final : public LinkEnd {
 public:
  void link_ready(NodeNumber /*executor*/) override { ++ready; }
  void link_lost(NodeNumber /*executor*/, const std::string& why) override { lost.push_back(why); }
  void heard(NodeNumber /*executor*/, Message message) override {
    calls.push_back(std::get<Busy>(message).call);
  }
  void link_opened(mesh::StreamId link, NodeNumber /*requester*/) override { opened = link; }
  void link_closed(mesh::StreamId /*link*/) override { ++closed; }
  void received(mesh::StreamId /*link*/, Message message) override {
    calls.push_back(std::get<Cancel>(message).call);
  }
  int ready = 0;
  int closed = 0;
  std::vector<std::string> lost;
  std::vector<uint64_t> calls;
  mesh::StreamId opened{};
};

struct Pair {
  explicit Pair(double loss = 0, std::vector<Partition> partitions = {}) {
    scenario.nodes = 2;
    scenario.regions = {{.radius_ms = 50}};
    scenario.faults.partitions = std::move(partitions);
    geography.emplace(scenario, kSecond, 7);
    wires.emplace(events, *geography, loss, 1, [this](NodeNumber node) -> LinkEnd* {
      return here[node] ? &ends[node] : nullptr;
    });
  }
  void run_for(uint64_t ns) {
    bool past = false;
    events.after(ns, [&past] { past = true; });
    while (!past && events.run_one()) {
    }
  }
  void open() {
    wires->open(0, 1);
    run_for(5 * kSecond);
  }
  Scenario scenario;
  EventQueue events;
  std::optional<Geography> geography;
  std::array<Recorder, 2> ends;
  std::array<bool, 2> here{true, true};
  std::optional<Wires> wires;
};

TEST(Wires, KeepTheOrderOfALinkThroughLosses) {
  Pair pair(0.3);
  pair.open();
  ASSERT_EQ(pair.ends[0].ready, 1);
  std::vector<uint64_t> sent;
  for (uint64_t call = 1; call <= 50; ++call) {
    pair.wires->say(0, 1, Cancel{call});
    pair.wires->reply(pair.ends[1].opened, Busy{.call = call, .message = {}});
    sent.push_back(call);
  }
  pair.run_for(30 * kSecond);
  EXPECT_EQ(pair.ends[1].calls, sent);
  EXPECT_EQ(pair.ends[0].calls, sent);
}

TEST(Wires, WhatIsSaidDuringAShortPartitionArrivesAfterIt) {
  Pair pair(0, {{.at_ms = 5'000, .lasts_ms = 4'000, .region = {}, .share = 0.5}});
  for (uint64_t seed = 1; pair.geography->apart_until_ns(0, 1, 7 * kSecond) == 0; ++seed) {
    pair.geography.emplace(pair.scenario, kSecond, seed);  // until chance parts the two
  }
  pair.open();
  pair.wires->say(0, 1, Cancel{1});
  pair.run_for(3 * kSecond);
  EXPECT_THAT(pair.ends[1].calls, IsEmpty());
  pair.run_for(3 * kSecond);
  EXPECT_THAT(pair.ends[1].calls, ElementsAre(1));
  EXPECT_THAT(pair.ends[0].lost, IsEmpty());
}

TEST(Wires, AnEndThatIsGoneIsToldOfAtOnceOrAfterAWhile) {
  for (const bool silently : {false, true}) {
    Pair pair;
    pair.open();
    pair.here[1] = false;
    pair.wires->gone(1, silently);
    pair.run_for(kSecond);
    EXPECT_EQ(pair.ends[0].lost.size(), silently ? 0U : 1U);
    pair.run_for(Wires::kPatienceNs);
    EXPECT_EQ(pair.ends[0].lost.size(), 1U);
    EXPECT_EQ(pair.wires->links(), 0U);
  }
}

TEST(Wires, ALinkToNobodyIsLost) {
  Pair pair;
  pair.here[1] = false;
  pair.wires->open(0, 1);
  pair.run_for(2 * Wires::kDialNs);
  EXPECT_EQ(pair.ends[0].ready, 0);
  EXPECT_EQ(pair.ends[0].lost.size(), 1U);
  EXPECT_EQ(pair.wires->links(), 0U);
}

}  // namespace
}  // namespace timerose::sim::jobs
