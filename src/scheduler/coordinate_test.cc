#include "scheduler/coordinate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace timerose::scheduler {
namespace {

// A made-up network: nodes in a few regions, each with its own access link.
struct World {
  explicit World(size_t count) {
    SeededRandom dice(42);
    const double regions[4][2] = {{0, 0}, {0.08, 0.01}, {0.02, 0.07}, {0.15, 0.1}};
    for (size_t i = 0; i < count; ++i) {
      const auto& region = regions[dice.next() % 4];
      const auto near = [&] { return static_cast<double>(dice.next() % 1000) * 1e-5; };
      places.push_back({region[0] + near(), region[1] + near(), 0.0005 + near() / 2});
    }
  }
  [[nodiscard]] double round_trip(size_t a, size_t b) const {
    return std::hypot(places[a][0] - places[b][0], places[a][1] - places[b][1]) + places[a][2] +
           places[b][2];
  }
  std::vector<std::array<double, 3>> places;
};

double median_error(const World& world, const std::vector<CoordinateEstimate>& nodes) {
  std::vector<double> errors;
  for (size_t a = 0; a < nodes.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      const double truth = world.round_trip(a, b);
      const double said = round_trip_s(nodes[a].coordinate(), nodes[b].coordinate());
      errors.push_back(std::abs(said - truth) / truth);
    }
  }
  std::nth_element(errors.begin(), errors.begin() + static_cast<long>(errors.size() / 2),
                   errors.end());
  return errors[errors.size() / 2];
}

TEST(Coordinate, ConvergesToTheRoundTripsOfANetwork) {
  const World world(100);
  SeededRandom random(1);
  std::vector<CoordinateEstimate> nodes(100, CoordinateEstimate(random));
  const double before = median_error(world, nodes);
  for (size_t round = 0; round < 200; ++round) {
    for (size_t node = 0; node < nodes.size(); ++node) {
      const size_t other = random.next() % nodes.size();
      if (other == node) continue;
      EXPECT_TRUE(nodes[node].observe(nodes[other].coordinate(), world.round_trip(node, other)));
    }
  }
  EXPECT_GT(before, 0.9);
  EXPECT_LT(median_error(world, nodes), 0.1);
}

TEST(Coordinate, ALiarMovesItOnlySoFar) {
  SeededRandom random(1);
  CoordinateEstimate node(random);
  Coordinate lie;
  lie.at_us = {Coordinate::kMicrosecondsMax, 0, 0};
  lie.error_permille = 0;
  ASSERT_TRUE(node.observe(lie, 0.000001));
  EXPECT_LE(std::abs(node.coordinate().at_us[0]), 100'000);
  for (int i = 0; i < 10'000; ++i) node.observe(lie, 9.9);
  EXPECT_TRUE(node.coordinate().check().ok());
}

TEST(Coordinate, TakesNoRoundTripThatCannotBe) {
  SeededRandom random(1);
  CoordinateEstimate node(random);
  const Coordinate start = node.coordinate();
  EXPECT_FALSE(node.observe(Coordinate(), 0));
  EXPECT_FALSE(node.observe(Coordinate(), -1));
  EXPECT_FALSE(node.observe(Coordinate(), std::nan("")));
  EXPECT_FALSE(node.observe(Coordinate(), 10.1));
  EXPECT_EQ(node.coordinate(), start);
}

TEST(Coordinate, HasLimits) {
  Coordinate coordinate;
  coordinate.at_us = {Coordinate::kMicrosecondsMax, -Coordinate::kMicrosecondsMax, 0};
  EXPECT_TRUE(coordinate.check().ok());
  coordinate.at_us[2] = Coordinate::kMicrosecondsMax + 1;
  EXPECT_FALSE(coordinate.check().ok());
  coordinate = Coordinate();
  coordinate.error_permille = Coordinate::kErrorMax + 1;
  EXPECT_FALSE(coordinate.check().ok());
}

}  // namespace
}  // namespace timerose::scheduler
