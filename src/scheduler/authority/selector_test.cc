#include "scheduler/authority/selector.h"

#include <gtest/gtest.h>

#include "ipld/dag_json.h"

namespace timerose::scheduler::authority {
namespace {

// The example of the specification, with bytes beside.
constexpr std::string_view kArguments =
    R"({"from":"alice@example.com","to":["bob","carol","dan"],"cc":["fraud"],)"
    R"("map":{"a":1,"b":2},"bytes":{"/":{"bytes":"1qnBjPjE"}},"odd.key":7})";

std::string select(std::string_view text) {
  const auto selector = Selector::parse(text);
  if (!selector.ok()) return "refused";
  const Value arguments = dag_json::decode(as_bytes(kArguments)).value();
  Effort effort;
  const auto selected = selector->select(arguments, effort);
  return selected ? dag_json::encode(**selected).value() : "unresolved";
}

TEST(Selector, TakesPartsByNameIndexAndRange) {
  EXPECT_EQ(select(".from"), R"("alice@example.com")");
  EXPECT_EQ(select(".cc"), R"(["fraud"])");
  EXPECT_EQ(select(".to[1]"), R"("carol")");
  EXPECT_EQ(select(".to[-1]"), R"("dan")");
  EXPECT_EQ(select(".to.[0]"), R"("bob")");
  EXPECT_EQ(select(".to[1:]"), R"(["carol","dan"])");
  EXPECT_EQ(select(".to[:2]"), R"(["bob","carol"])");
  EXPECT_EQ(select(".to[0:-2]"), R"(["bob"])");
  EXPECT_EQ(select(".to[2:1]"), "[]");
  EXPECT_EQ(select(".to[7:11]"), "[]");
  EXPECT_EQ(select(R"(.["odd.key"])"), "7");
  EXPECT_EQ(select(R"(.map["b"])"), "2");
}

TEST(Selector, TakesTheWholeByADot) {
  EXPECT_EQ(select("."), select(".?"));
  EXPECT_TRUE(select(".").starts_with("{"));
}

TEST(Selector, TakesTheValuesOfACollection) {
  EXPECT_EQ(select(".map[]"), "[1,2]");
  EXPECT_EQ(select(".cc[]"), R"(["fraud"])");
  EXPECT_EQ(select(".from[]"), "unresolved");
}

TEST(Selector, TakesBytesAsNumbers) {
  EXPECT_EQ(select(".bytes[3]"), "140");
  EXPECT_EQ(select(".bytes[-1]"), "196");
  EXPECT_EQ(select(".bytes[6]"), "unresolved");
  EXPECT_EQ(select(".bytes[1:3]"), R"({"/":{"bytes":"qcE"}})");
}

TEST(Selector, GivesNullForAKeyThatAMapDoesNotHave) {
  EXPECT_EQ(select(".nobody"), "null");
  EXPECT_EQ(select(".nobody.name"), "unresolved");
}

TEST(Selector, CannotResolveWhatIsNotThere) {
  EXPECT_EQ(select(".to[99]"), "unresolved");
  EXPECT_EQ(select(".from.name"), "unresolved");
  EXPECT_EQ(select(".from[0]"), "unresolved");
  EXPECT_EQ(select(".map[0]"), "unresolved");
}

TEST(Selector, GivesNullForWhatIsOptional) {
  EXPECT_EQ(select(".to[99]?"), "null");
  EXPECT_EQ(select(".to[99]???"), "null");
  EXPECT_EQ(select(".nobody.name?"), "null");
  EXPECT_EQ(select(".to[99].name?"), "unresolved");  // it ends before the optional part
}

TEST(Selector, RefusesWhatIsNone) {
  for (const char* text : {"", "from", "..", ".a..b", "[0]", ".a b", ".[", ".[]x", ".[\"a]", ".[:]",
                           ".[1.5]", ".[--1]", ".1", ".[\"a\\\"b\"]", ".[9007199254740992]",
                           ".[99999999999999999999]", ".[1:2:3]", ".-a"}) {
    EXPECT_EQ(select(text), "refused") << text;
  }
}

TEST(Selector, HasALimitOfLengthAndOfParts) {
  EXPECT_EQ(Selector::parse("." + std::string(Selector::kTextBytesMax, 'a')).error().code,
            ErrorCode::kLimitExceeded);
  std::string deep;
  for (size_t i = 0; i < Selector::kSegmentsMax; ++i) deep += ".a";
  EXPECT_TRUE(Selector::parse(deep).ok());
  EXPECT_EQ(Selector::parse(deep + ".a").error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace timerose::scheduler::authority
