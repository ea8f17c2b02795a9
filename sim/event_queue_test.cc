#include "sim/event_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace timerose::sim {
namespace {

TEST(EventQueue, RunsByTimeThenByOrderOfMaking) {
  EventQueue events;
  std::vector<int> ran;
  const uint64_t start_ns = events.now_ns();
  events.after(20, [&] { ran.push_back(3); });
  events.after(10, [&] { ran.push_back(1); });
  events.after(10, [&] { ran.push_back(2); });
  events.at(0, [&] { ran.push_back(0); });  // that moment has passed
  while (events.run_one()) {
  }
  EXPECT_THAT(ran, testing::ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(events.now_ns(), start_ns + 20);
}

}  // namespace
}  // namespace timerose::sim
