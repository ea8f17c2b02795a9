#include "sim/jobs/mesh_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "sim/jobs/picture.h"
#include "sim/jobs/report.h"
#include "sim/jobs/storm.h"

namespace timerose::sim::jobs {
namespace {

using ::testing::HasSubstr;

// Enough for every kind of trouble; `timerose-sim jobs --seeds 1000` runs many more.
constexpr uint64_t kSeeds = 20;

TEST(MeshSimulation, KeepsItsPromisesInEveryStorm) {
  Totals sum;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const MeshResult result = run_mesh(make_storm(seed), {.seed = seed});
    EXPECT_EQ(result.failure, "") << "timerose-sim jobs --seed " << seed;
    EXPECT_GT(result.totals.answered, 0U) << seed;
    sum.caught += result.totals.caught;
    sum.killed += result.totals.killed;
    sum.departures += result.totals.departures;
    sum.useless += result.totals.useless;
    sum.cancelled += result.totals.cancelled;
  }
  EXPECT_GT(sum.caught, 0U);
  EXPECT_GT(sum.killed, 0U);
  EXPECT_GT(sum.departures, 0U);
  EXPECT_GT(sum.useless, 0U);
  EXPECT_GT(sum.cancelled, 0U);
}

TEST(MeshSimulation, ReplaysAMeshFromItsSeed) {
  const MeshResult first = run_mesh(make_storm(3), {.seed = 3});
  const MeshResult second = run_mesh(make_storm(3), {.seed = 3});
  const MeshResult other = run_mesh(make_storm(3), {.seed = 4});
  EXPECT_EQ(first.fingerprint, second.fingerprint);
  EXPECT_NE(first.fingerprint, other.fingerprint);
}

TEST(MeshSimulation, WhereThereIsNoTroubleEveryCallIsAnswered) {
  Scenario calm;
  calm.lasts_ms = 20'000;
  const MeshResult result = run_mesh(calm, {});
  EXPECT_EQ(result.failure, "");
  EXPECT_GT(result.totals.asked, 50U);
  EXPECT_EQ(result.totals.answered, result.totals.asked);
  EXPECT_EQ(result.totals.useless, 0U);
}

TEST(MeshSimulation, AQuorumOfTwoIsNotFooledByThoseWhoLieAlone) {
  Scenario scenario;
  scenario.lasts_ms = 20'000;
  scenario.faults.lies_alone = 0.3;
  scenario.work.verify = *scheduler::verify::parse_wish("quorum=2");
  const MeshResult result = run_mesh(scenario, {});
  EXPECT_EQ(result.failure, "");
  EXPECT_EQ(result.totals.wrong, 0U);
  EXPECT_GT(result.totals.caught, 0U);
  EXPECT_GT(result.totals.answered, result.totals.asked * 9 / 10);
}

TEST(MeshSimulation, WhoKnowsEverythingMovesNothingNeedlessly) {
  Scenario scenario;
  scenario.lasts_ms = 30'000;
  scenario.work.askers_max = 1;  // calls do not overtake each other
  scenario.work.jobs_per_s = 20;
  scenario.work.placing = Placing::kOmniscient;
  const MeshResult result = run_mesh(scenario, {});
  EXPECT_EQ(result.failure, "");
  EXPECT_GT(result.totals.moving, 0U);
  EXPECT_EQ(result.totals.moving_needlessly, 0U);
}

TEST(MeshSimulation, WhoCallsAlwaysTheSameNodeMovesNeedlessly) {
  Scenario scenario;
  scenario.lasts_ms = 30'000;
  Sabotage sabotage;
  sabotage.options = [](scheduler::jobs::JobOptions& options) {
    options.where = scheduler::jobs::Where::kLocal;
  };
  const Totals totals = run_mesh(scenario, {.sabotage = sabotage}).totals;
  EXPECT_GT(totals.moving, 0U);
  EXPECT_GT(totals.moving_needlessly, 0U);
  EXPECT_GE(totals.bytes_needlessly, totals.moving_needlessly * scenario.work.data.bytes_min);
  EXPECT_LE(totals.moving_needlessly + totals.moving_sooner + totals.moving_too_late,
            totals.moving);
}

TEST(MeshSimulation, EveryScenarioFileCanBeRead) {
  const auto folder = std::filesystem::path(TIMEROSE_SOURCE_DIR) / "sim/scenarios";
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto text = read_file(entry.path(), Scenario::kTextBytesMax);
    ASSERT_TRUE(text.ok()) << entry.path();
    const auto scenario = Scenario::parse(as_text(*text));
    EXPECT_TRUE(scenario.ok()) << entry.path() << ": " << scenario.error().message;
    ++files;
  }
  EXPECT_GT(files, 0U);
}

TEST(MeshReport, TellsTheSameAsATableAndAsJson) {
  Scenario calm;
  calm.lasts_ms = 3'000;
  const MeshResult result = run_mesh(calm, {});
  EXPECT_THAT(table_of(calm, result), HasSubstr("answered"));
  EXPECT_THAT(json_of(calm, 1, result),
              HasSubstr("\"answered\":" + std::to_string(result.totals.answered)));
}

TEST(MeshPicture, IsAnSvgWithACurveForEachName) {
  const std::string picture = draw({.title = "a < b",
                                    .unit = "ms",
                                    .bands = {{"cut off", 1, 2}},
                                    .lines = {{"one", "red", {0, 1, 2}}, {"two", "blue", {3, 4}}}});
  EXPECT_TRUE(picture.starts_with("<svg "));
  EXPECT_THAT(picture, HasSubstr("a &lt; b"));
  size_t curves = 0;
  for (size_t at = 0; (at = picture.find("<polyline", at)) != std::string::npos; ++at) ++curves;
  EXPECT_EQ(curves, 2U);
  EXPECT_THAT(picture, HasSubstr("cut off"));
  EXPECT_TRUE(picture.ends_with("</svg>\n"));
}

TEST(MeshPicture, HasAGapWhereThereIsNoValue) {
  const std::string picture = draw({.title = "t",
                                    .unit = {},
                                    .scale = Scale::kTimes,
                                    .bands = {},
                                    .lines = {{"one", "red", {5, 900, std::nullopt, 20, 30}}}});
  size_t curves = 0;
  for (size_t at = 0; (at = picture.find("<polyline", at)) != std::string::npos; ++at) ++curves;
  EXPECT_EQ(curves, 2U);
  EXPECT_THAT(picture, HasSubstr(">1 ms<"));
  EXPECT_THAT(picture, HasSubstr(">1 s<"));
}

}  // namespace
}  // namespace timerose::sim::jobs
