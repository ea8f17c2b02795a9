#include "sim/jobs/flows.h"

#include <gtest/gtest.h>

namespace timerose::sim::jobs {
namespace {

constexpr uint64_t kRate = 1'000'000;  // bytes a second, of every node

struct World {
  explicit World(uint64_t nodes) {
    scenario.nodes = nodes;
    scenario.machines = {{.up_bytes_s = kRate, .down_bytes_s = kRate}};
  }
  Scenario scenario;
  EventQueue events;
  Geography geography{scenario, 0, 1};
  Flows flows{events, geography, scenario.nodes};

  FlowId start(NodeNumber from, NodeNumber to, uint64_t bytes, double* ended_s) {
    return flows.start(from, to, bytes, [this, ended_s] {
      *ended_s = static_cast<double>(events.now_ns() - kSecond) / kSecond;
    });
  }
  void run() {
    while (events.run_one()) {
    }
  }
};

TEST(Flows, TwoFromOneSenderShareItsUpload) {
  World world(3);
  double first = 0;
  double second = 0;
  world.start(0, 1, kRate, &first);
  world.start(0, 2, kRate / 2, &second);
  world.run();
  EXPECT_NEAR(second, 1.0, 1e-6);  // at half the rate
  EXPECT_NEAR(first, 1.5, 1e-6);   // half of it was left, and then it had all
  EXPECT_EQ(world.flows.bytes_moved(), kRate + kRate / 2);
  EXPECT_EQ(world.flows.running(), 0U);
}

TEST(Flows, AReceiverIsNoFasterThanItsDownload) {
  World world(3);
  double first = 0;
  double second = 0;
  world.start(0, 2, kRate, &first);
  world.start(1, 2, kRate, &second);
  world.run();
  EXPECT_NEAR(first, 2.0, 1e-6);
  EXPECT_NEAR(second, 2.0, 1e-6);
}

TEST(Flows, OneThatIsStoppedLeavesItsShareToOthersAndCountsWhatCame) {
  World world(3);
  double kept = 0;
  double stopped = -1;
  world.start(0, 1, kRate, &kept);
  const FlowId other = world.start(0, 2, kRate, &stopped);
  world.events.after(kSecond, [&] { world.flows.stop(other); });
  world.run();
  EXPECT_NEAR(kept, 1.5, 1e-6);
  EXPECT_EQ(stopped, -1);
  EXPECT_NEAR(static_cast<double>(world.flows.bytes_moved()), 1.5 * kRate, 2);
}

}  // namespace
}  // namespace timerose::sim::jobs
