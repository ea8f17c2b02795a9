#include "sim/jobs/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace timerose::sim::jobs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto scenario = Scenario::parse(text);
  return scenario.ok() ? "" : scenario.error().message;
}

TEST(Scenario, ReadsWhatIsGivenAndKeepsTheRest) {
  const auto scenario = Scenario::parse(R"({
    // a comment
    "nodes": 100, "lasts": "2m",
    "regions": [{"name": "eu", "share": 0.5}, {"name": "us", "share": 0.5, "x_ms": 90}],
    "faults": {"loss": 0.01, "partitions": [{"at": "10s", "lasts": 5, "region": "us"}]},
    "work": {"functions": [{"name": "f", "module": "2MiB"}], "data": {"objects": 7}}
  })");
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  EXPECT_EQ(scenario->nodes, 100U);
  EXPECT_EQ(scenario->lasts_ms, 120'000U);
  ASSERT_EQ(scenario->regions.size(), 2U);
  EXPECT_EQ(scenario->regions[1].x_ms, 90);
  ASSERT_EQ(scenario->faults.partitions.size(), 1U);
  EXPECT_EQ(scenario->faults.partitions[0].lasts_ms, 5'000U);
  EXPECT_EQ(scenario->work.functions.at(0).module_bytes, 2U << 20);
  EXPECT_EQ(scenario->work.functions.at(0).fuel, FunctionKind().fuel);
  EXPECT_EQ(scenario->work.data.objects, 7U);
  EXPECT_EQ(scenario->work.data.copies, Data().copies);
}

TEST(Scenario, SaysWhereWhatWasExpectedAndAnExample) {
  EXPECT_THAT(error_of("{\n\"nodes\": 1\n}"),
              AllOf(HasSubstr("line 2, column 10: nodes: "), HasSubstr("from 2 to")));
  EXPECT_THAT(
      error_of("{\n\n\"faults\": {\"los\": 1}}"),
      AllOf(HasSubstr("line 3, column 12: there is no field faults.los"), HasSubstr("loss")));
  EXPECT_THAT(error_of("{\"work\": {\n\"deadline\": \"soon\"}}"),
              AllOf(HasSubstr("line 2, column 13: work.deadline"), HasSubstr("\"30s\""),
                    HasSubstr("\n  \"deadline\": \"soon\"}}\n              ^")));
  EXPECT_THAT(error_of("{\"nodes\": 5,\n\n}"), HasSubstr("line 3, column 1: syntax error"));
  EXPECT_THAT(error_of("{\"regions\": {}}"), HasSubstr("line 1, column 2: regions"));
  EXPECT_THAT(error_of("{\"nodes\": []}"), HasSubstr("line 1, column 2: nodes"));
  EXPECT_THAT(error_of("{\"regions\": [1]}"), HasSubstr("line 1, column 14: regions"));
  EXPECT_THAT(error_of("[]"), HasSubstr("line 1"));
  EXPECT_THAT(error_of(""), HasSubstr("line 1"));
}

TEST(Scenario, RefusesWhatCannotBe) {
  EXPECT_THAT(error_of(R"({"faults": {"partitions": [{"region": "mars"}]}})"), HasSubstr("mars"));
  EXPECT_THAT(error_of(R"({"faults": {"lies_alone": 0.6, "lies_together": 0.6}})"),
              HasSubstr("more than 1"));
  EXPECT_THAT(error_of(R"({"regions": []})"), HasSubstr("regions"));
}

}  // namespace
}  // namespace timerose::sim::jobs
