#include "sim/jobs/geography.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/duration.h"

namespace timerose::sim::jobs {
namespace {

constexpr double kCoordinateError = 0.1;

int32_t guessed_us(double ms, Dice& dice) {
  const double error = 1 + kCoordinateError * (2 * dice.unit() - 1);
  const double limit = scheduler::Coordinate::kMicrosecondsMax;
  return static_cast<int32_t>(std::clamp(ms * 1000 * error, -limit, limit));
}

}  // namespace

Geography::Geography(const Scenario& scenario, uint64_t start_ns, uint64_t seed)
    : scenario_(scenario) {
  Dice dice(seed);
  for (uint64_t i = 0; i < scenario.nodes; ++i) {
    const size_t number = pick_by_share(scenario.regions, dice);
    const Region& region = scenario.regions[number];
    const double angle = 2 * std::numbers::pi * dice.unit();
    const double radius = region.radius_ms * std::sqrt(dice.unit());
    spots_.push_back({.x_ms = static_cast<float>(region.x_ms + radius * std::cos(angle)),
                      .y_ms = static_cast<float>(region.y_ms + radius * std::sin(angle)),
                      .height_ms = static_cast<float>(scenario.height_ms * (0.5 + dice.unit())),
                      .region = static_cast<uint16_t>(number),
                      .machine = static_cast<uint16_t>(pick_by_share(scenario.machines, dice))});
  }
  for (const Partition& partition : scenario.faults.partitions) {
    Cut cut{start_ns + partition.at_ms * kMillisecond, 0, {}};
    cut.until_ns = cut.from_ns + partition.lasts_ms * kMillisecond;
    for (const Spot& spot : spots_) {
      cut.away.push_back(partition.region.empty()
                             ? dice.chance(partition.share)
                             : scenario.regions[spot.region].name == partition.region);
    }
    cuts_.push_back(std::move(cut));
  }
}

uint64_t Geography::latency_ns(NodeNumber a, NodeNumber b) const {
  const Spot& from = spots_[a];
  const Spot& to = spots_[b];
  const double apart = std::hypot(from.x_ms - to.x_ms, from.y_ms - to.y_ms);
  return static_cast<uint64_t>((apart + from.height_ms + to.height_ms) / 2 * kNsPerMs);
}

scheduler::Coordinate Geography::coordinate(NodeNumber node, Dice& dice) const {
  scheduler::Coordinate out;
  out.at_us[0] = guessed_us(spots_[node].x_ms, dice);
  out.at_us[1] = guessed_us(spots_[node].y_ms, dice);
  out.height_us = static_cast<uint32_t>(guessed_us(spots_[node].height_ms, dice));
  out.error_permille = 100;
  return out;
}

uint64_t Geography::apart_until_ns(NodeNumber a, NodeNumber b, uint64_t now_ns) const {
  uint64_t until_ns = 0;
  for (const Cut& cut : cuts_) {
    if (now_ns < cut.from_ns || now_ns >= cut.until_ns || cut.away[a] == cut.away[b]) continue;
    until_ns = std::max(until_ns, cut.until_ns);
  }
  return until_ns;
}

uint64_t Geography::healed_ns() const {
  uint64_t until_ns = 0;
  for (const Cut& cut : cuts_) until_ns = std::max(until_ns, cut.until_ns);
  return until_ns;
}

}  // namespace timerose::sim::jobs
