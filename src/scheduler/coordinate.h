// Network coordinates (Vivaldi with height: Dabek et al., SIGCOMM 2004, sections 4 and 5.4): the
// round trip between two nodes that never spoke is read from two small points.
//
// A coordinate is a point in kDimensions of round-trip time and a height, the node's own way to the
// core of the network, which every path from it pays. All in whole microseconds, so that a
// coordinate has one encoding.
#pragma once

#include <array>
#include <cstdint>

#include "base/random.h"
#include "base/result.h"

namespace timerose::scheduler {

struct Coordinate {
  static constexpr size_t kDimensions = 3;
  static constexpr int32_t kMicrosecondsMax = 10'000'000;  // of a part, either side of zero
  static constexpr uint32_t kErrorMax = 1500;

  std::array<int32_t, kDimensions> at_us{};
  uint32_t height_us = 100;
  uint32_t error_permille = kErrorMax;  // of a prediction made with it: relative, in thousandths

  // kMalformed if a part is beyond the limits above.
  [[nodiscard]] Status check() const;
  bool operator==(const Coordinate&) const = default;
};

// The round trip to be expected between the two, in seconds.
double round_trip_s(const Coordinate& a, const Coordinate& b);

// This node's own coordinate, moved a little by each round trip that is measured. What others say
// of theirs cannot move it by more than kMoveMax_s at once, nor beyond Coordinate's limits.
class CoordinateEstimate {
 public:
  static constexpr double kRoundTripMax_s = 10;  // a longer one is taken for a fault
  static constexpr double kMoveMax_s = 0.1;

  // `random` picks a direction for nodes that stand on one point.
  explicit CoordinateEstimate(Random& random) : random_(random) {}

  // A round trip to a node that says it is at `other`, whose check() is good. Returns whether it
  // was used: it is not if it is zero or longer than kRoundTripMax_s.
  bool observe(const Coordinate& other, double round_trip_s);

  [[nodiscard]] Coordinate coordinate() const;

 private:
  using Vector = std::array<double, Coordinate::kDimensions>;
  Vector random_direction();

  Random& random_;
  Vector at_s_{};
  double height_s_ = 0.0001;
  double error_ = 1.5;
};

}  // namespace timerose::scheduler
