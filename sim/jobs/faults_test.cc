// Every fault that a scenario may ask for is felt, alone in a mesh that is well otherwise.
#include <gtest/gtest.h>

#include <ostream>

#include "sim/jobs/mesh_run.h"

namespace timerose::sim::jobs {
namespace {

Scenario calm() {
  Scenario out;
  out.nodes = 12;
  out.lasts_ms = 20'000;
  out.regions = {{.name = "eu", .share = 0.5}, {.name = "us", .share = 0.5, .x_ms = 80}};
  out.work.deadline_ms = 20'000;
  out.work.verify = *scheduler::verify::parse_wish("quorum=2");
  out.work.functions = {{.module_bytes = 64U << 10, .fuel = 500'000'000, .output_bytes = 1000}};
  out.work.data.objects = 20;
  out.work.data.bytes_max = 2U << 20;
  return out;
}

struct Fault {
  const char* name;
  std::function<void(Faults&)> cause;
  std::function<bool(const MeshResult& well, const MeshResult& ill)> is_felt;
};

std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.name; }

double share_answered(const MeshResult& result) {
  return static_cast<double>(result.totals.answered) / static_cast<double>(result.totals.asked);
}

std::vector<Fault> faults() {
  const auto median = [](const MeshResult& result) { return latency_ms(result.latencies, 0.5); };
  return {
      {"Loss", [](Faults& faults) { faults.loss = 0.2; },
       [=](auto& well, auto& ill) { return median(ill) > median(well) + 200; }},
      {"BrokenLinks", [](Faults& faults) { faults.breaks_per_minute = 600; },
       [](auto& well, auto& ill) { return ill.totals.offers > well.totals.offers; }},
      {"APartition",
       [](Faults& faults) {
         faults.partitions = {{.at_ms = 5'000, .lasts_ms = 15'000, .region = "us"}};
       },
       [](auto& /*well*/, auto& ill) { return ill.totals.useless > 0; }},
      {"Churn",
       [](Faults& faults) {
         faults.churning = 1;
         faults.stays_ms = 5'000;
       },
       [](auto& /*well*/, auto& ill) {
         return ill.totals.departures > 0 && ill.totals.abandoned > 0 && ill.totals.useless > 0;
       }},
      {"SlowNodes",
       [](Faults& faults) {
         faults.slow = 1;
         faults.slower = 5;
       },
       [=](auto& well, auto& ill) { return median(ill) > 2 * median(well); }},
      {"NodesThatNeverRun", [](Faults& faults) { faults.never_runs = 0.3; },
       [](auto& well, auto& ill) { return share_answered(ill) < share_answered(well); }},
      {"Liars", [](Faults& faults) { faults.lies_alone = 0.3; },
       [](auto& /*well*/, auto& ill) { return ill.totals.caught > 0 && ill.totals.wrong == 0; }},
      {"LiarsTogether", [](Faults& faults) { faults.lies_together = 0.5; },
       [](auto& /*well*/, auto& ill) { return ill.totals.wrong > 0; }},
      {"ClocksThatDiffer", [](Faults& faults) { faults.skew_ms = 3'600'000; },
       [](auto& well, auto& ill) { return share_answered(ill) < share_answered(well); }},
  };
}

class EveryFault : public ::testing::TestWithParam<Fault> {};

TEST_P(EveryFault, IsFeltAndBreaksNoPromise) {
  const MeshResult well = run_mesh(calm(), {});
  EXPECT_EQ(well.totals.answered, well.totals.asked);
  Scenario scenario = calm();
  GetParam().cause(scenario.faults);
  const MeshResult ill = run_mesh(scenario, {});
  EXPECT_EQ(ill.failure, "");
  EXPECT_TRUE(GetParam().is_felt(well, ill));
}

INSTANTIATE_TEST_SUITE_P(Simulated, EveryFault, ::testing::ValuesIn(faults()),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Limits, StopStarvedCallsAndAnswerRepeatedOnesFromTheMemo) {
  Scenario scenario = calm();
  scenario.work.verify.policy = scheduler::verify::Policy::kNone;
  scenario.work.verify.quorum = 1;
  scenario.work.starved = 0.2;
  scenario.work.repeated = 0.5;
  const MeshResult result = run_mesh(scenario, {});
  EXPECT_EQ(result.failure, "");
  EXPECT_GT(result.totals.stopped, 5U);
  EXPECT_GT(result.totals.from_memo, 5U);
  EXPECT_EQ(result.totals.wrong, 0U);
  EXPECT_EQ(result.totals.failed, 0U);
}

}  // namespace
}  // namespace timerose::sim::jobs
