#include "node/own_machine.h"

#include <gtest/gtest.h>

namespace timerose::node {
namespace {

TEST(OwnMachine, IsLookedAt) {
  const MachineNumbers machine = look_at_machine("/");
  EXPECT_GE(machine.cores, 1U);
  EXPECT_GT(machine.memory_bytes, 0U);
  EXPECT_GT(machine.memory_free_bytes, 0U);
  EXPECT_LE(machine.memory_free_bytes, machine.memory_bytes);
  EXPECT_GT(machine.disk_bytes, 0U);
  EXPECT_LE(machine.disk_free_bytes, machine.disk_bytes);
  EXPECT_EQ(look_at_machine("/no/such/folder").disk_bytes, 0U);
}

TEST(OwnMachine, ItsSpeedIsMeasured) {
  auto engine = wasm::Engine::create({});
  ASSERT_TRUE(engine.ok());
  SystemClock clock;
  const auto speed = measure_fuel_per_s(**engine, clock);
  ASSERT_TRUE(speed.ok()) << speed.error().message;
  EXPECT_GT(*speed, 1'000'000U);
}

}  // namespace
}  // namespace timerose::node
