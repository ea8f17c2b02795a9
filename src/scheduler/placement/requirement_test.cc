#include "scheduler/placement/requirement.h"

#include <gtest/gtest.h>

#include "scheduler/testing.h"

namespace timerose::scheduler {
namespace {

std::string refusal(std::string_view text) {
  const auto parsed = Requirement::parse(text);
  return parsed.ok() ? "accepted" : parsed.error().message;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Requirement, IsReadAndWrittenAsInverses) {
  for (const char* text :
       {"", "memory>=8GiB", "memory>=8GiB, label.zone=eu", "cores>3, gpus!=0", "wait<=50ms",
        "distance<2s", "distance<1500us", "engine=wasmtime 48.0.8", "free.memory>=1500", "wait=0",
        "label.disk-kind!=hdd", "speed>=1TiB", "node=12D3KooWx", "operator!=a@b"}) {
    const auto parsed = Requirement::parse(text);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(parsed->to_string(), text);
    EXPECT_EQ(*Requirement::parse(parsed->to_string()), *parsed);
  }
  EXPECT_EQ(Requirement::parse(" memory >= 8 GiB ,cores>=2")->to_string(),
            "memory>=8GiB, cores>=2");
}

TEST(Requirement, AnErrorSaysWhereAndGivesAnExample) {
  EXPECT_TRUE(contains(refusal("memory>=8GiB, memry>=1"), "at character 15"));
  EXPECT_TRUE(contains(refusal("memory>=8GiB, memry>=1"), "cores, memory, disk"));
  EXPECT_TRUE(contains(refusal("memory>=8GiB, memry>=1"), "an example: memory>=8GiB"));
  EXPECT_TRUE(contains(refusal("memory>=8Gib"), "at character 9"));
  EXPECT_TRUE(contains(refusal("memory>=8Gib"), "GiB"));
  EXPECT_TRUE(contains(refusal("memory"), "comparison"));
  EXPECT_TRUE(contains(refusal("memory>="), "expected a value"));
  EXPECT_TRUE(contains(refusal("memory>=1,"), "expected one of"));
  EXPECT_TRUE(contains(refusal(",memory>=1"), "at character 1"));
  EXPECT_TRUE(contains(refusal("label.Zone=eu"), "name of a label"));
  EXPECT_TRUE(contains(refusal("label.zone>=eu"), "= and != only"));
  EXPECT_TRUE(contains(refusal("label.zone==eu"), "word"));
  EXPECT_TRUE(contains(refusal("cores>=many"), "whole number"));
  EXPECT_TRUE(contains(refusal("wait<=1fortnight"), "span of time"));
  EXPECT_TRUE(contains(refusal("wait<=18446744073709551615"), "span of time"));
}

TEST(Requirement, HasLimits) {
  std::string many = "cores>0";
  for (size_t i = 1; i < Requirement::kTermsMax; ++i) many += ",cores>0";
  EXPECT_EQ(refusal(many), "accepted");
  EXPECT_TRUE(contains(refusal(many + ",cores>0"), "at most 32 terms"));
  EXPECT_TRUE(contains(refusal(std::string(Requirement::kTextBytesMax + 1, ' ')), "at most 4096"));
  EXPECT_TRUE(contains(refusal("engine=" + std::string(65, 'x')), "64 characters"));
}

struct Holds : ::testing::Test {
  Holds() : advert(testing::advert_of(1)) {
    advert.capacity.labels = {{"zone", "eu"}};
    advert.capacity.engines = {"wasmtime 48.0.8"};
    advert.capacity.operator_name = "example.org";
    advert.use.wait_ms = 40;
  }
  bool holds(const std::string& text) const {
    return scheduler::holds(Requirement::parse(text)->terms.at(0), {advert, 0.02});
  }
  Advert advert;
};

TEST_F(Holds, ComparesNumbers) {
  EXPECT_TRUE(holds("memory>=16GiB"));
  EXPECT_FALSE(holds("memory>16GiB"));
  EXPECT_TRUE(holds("memory<=16GiB"));
  EXPECT_FALSE(holds("memory<16GiB"));
  EXPECT_TRUE(holds("cores=8"));
  EXPECT_FALSE(holds("cores!=8"));
  EXPECT_TRUE(holds("wait<=40ms"));
  EXPECT_FALSE(holds("wait<40ms"));
  EXPECT_TRUE(holds("distance<21ms"));
  EXPECT_FALSE(holds("distance<19ms"));
  EXPECT_FALSE(holds("gpus>=1"));
}

TEST_F(Holds, ComparesWords) {
  EXPECT_TRUE(holds("label.zone=eu"));
  EXPECT_FALSE(holds("label.zone=us"));
  EXPECT_TRUE(holds("label.zone!=us"));
  EXPECT_FALSE(holds("label.rack=1"));
  EXPECT_TRUE(holds("label.rack!=1"));
  EXPECT_TRUE(holds("engine=wasmtime"));
  EXPECT_TRUE(holds("engine=wasmtime 48.0.8"));
  EXPECT_FALSE(holds("engine=wasmtime 47"));
  EXPECT_TRUE(holds("operator=example.org"));
  EXPECT_TRUE(holds("node=" + advert.peer().to_string()));
}

TEST_F(Holds, TheShortfallOrdersMisses) {
  const Term term = Requirement::parse("memory>=32GiB")->terms.at(0);
  const double half = shortfall(term, {advert, 0});
  EXPECT_DOUBLE_EQ(half, 0.5);
  EXPECT_EQ(found_instead(term, {advert, 0}), "16.0 GiB");
  advert.capacity.memory_bytes *= 2;
  EXPECT_EQ(shortfall(term, {advert, 0}), 0);
  const Term label = Requirement::parse("label.rack=1")->terms.at(0);
  EXPECT_EQ(shortfall(label, {advert, 0}), 1);
  EXPECT_EQ(found_instead(label, {advert, 0}), "no such label");
}

}  // namespace
}  // namespace timerose::scheduler
