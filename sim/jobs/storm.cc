#include "sim/jobs/storm.h"

#include "sim/dice.h"

namespace timerose::sim::jobs {
namespace {

constexpr uint64_t kCalm = 5;  // one seed in so many

void add_trouble(Scenario& out, Dice& dice) {
  Faults& faults = out.faults;
  faults.loss = 0.05 * dice.unit();
  faults.breaks_per_minute = 60 * dice.unit();
  faults.churning = 0.5 * dice.unit();
  faults.stays_ms = dice.between(5'000, 60'000);
  faults.away_ms = dice.between(1'000, 30'000);
  faults.slow = 0.2 * dice.unit();
  faults.slower = 2 + 18 * dice.unit();
  faults.never_runs = 0.05 * dice.unit();
  faults.lies_alone = 0.15 * dice.unit();
  faults.lies_together = 0.15 * dice.unit();
  faults.skew_ms = dice.below(50'000);
  for (uint64_t i = dice.below(3); i > 0; --i) {
    Partition cut{.at_ms = dice.below(out.lasts_ms),
                  .lasts_ms = dice.between(500, 30'000),
                  .region = {},
                  .share = 0.1 + 0.4 * dice.unit()};
    if (dice.chance(0.5)) cut.region = out.regions.back().name;
    faults.partitions.push_back(cut);
  }
  out.work.cancelled = 0.1 * dice.unit();
}

// So small that calls meet them.
void add_limits(Scenario& out, Dice& dice) {
  Limits& limits = out.limits;
  if (dice.chance(0.3)) limits.running_of_requester = dice.between(1, 2);
  if (dice.chance(0.3)) limits.fetching = dice.between(1, 3);
  if (dice.chance(0.2)) limits.calls = dice.between(4, 16);
  if (dice.chance(0.2)) limits.calls_of_requester = dice.between(2, 6);
  if (dice.chance(0.2)) limits.bytes_of_requester = dice.between(8'000, 24'000);
  if (dice.chance(0.2)) limits.fuel_a_minute = dice.between(5, 60) * 1'000'000'000;
}

}  // namespace

Scenario make_storm(uint64_t seed) {
  Dice dice(seed);
  Scenario out;
  out.name = "storm";
  out.nodes = dice.between(8, 40);
  out.lasts_ms = dice.between(20'000, 60'000);
  out.regions = {{.name = "eu", .share = 0.6, .radius_ms = 15},
                 {.name = "us", .share = 0.4, .x_ms = 90, .radius_ms = 20}};
  out.machines = {{.share = 0.7, .cores = dice.between(1, 4)},
                  {.share = 0.3,
                   .cores = 8,
                   .fuel_per_s = 3'000'000'000,
                   .up_bytes_s = 125'000'000,
                   .down_bytes_s = 125'000'000}};
  Work& work = out.work;
  work.jobs_per_s = 1 + 14 * dice.unit();
  work.follow = dice.chance(0.5) ? 0.3 : 0;
  work.deadline_ms = dice.between(10'000, 60'000);
  work.hedged = dice.chance(0.5) ? 0.5 : 0;
  work.verified = dice.chance(0.5) ? 1 : 0.5;
  using scheduler::verify::Policy;
  const uint64_t policy = dice.below(4);
  if (policy == 0) work.verify.policy = Policy::kNone;
  if (policy == 1) work.verify.policy = Policy::kSelf;
  if (policy >= 2) {
    const auto quorum = static_cast<uint32_t>(dice.between(2, 3));
    work.verify = {Policy::kQuorum, quorum, 3 * quorum, dice.chance(0.5)};
  }
  work.functions = {
      {.name = "short", .share = 0.6, .fuel = 20'000'000, .output_bytes = 1000},
      {.name = "long", .share = 0.35, .fuel = 2'000'000'000, .fuel_per_byte = 10},
      {.name = "killer", .share = dice.chance(0.3) ? 0.05 : 0, .fuel = 100'000'000, .kills = 0.5}};
  work.data.objects = dice.between(10, 100);
  work.data.bytes_min = 10'000;
  work.data.bytes_max = 20'000'000;
  work.data.copies = dice.between(1, 3);
  work.repeated = dice.chance(0.5) ? 0.3 * dice.unit() : 0;
  if (seed % kCalm == 0) return out;
  add_trouble(out, dice);
  add_limits(out, dice);
  work.starved = dice.chance(0.3) ? 0.1 * dice.unit() : 0;
  return out;
}

}  // namespace timerose::sim::jobs
