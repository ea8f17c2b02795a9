#include "node/own_node.h"

#include <gtest/gtest.h>

namespace timerose::node {
namespace {

TEST(OwnNode, ReadsLabels) {
  EXPECT_TRUE(parse_labels("")->empty());
  const scheduler::Labels labels = *parse_labels("zone=eu, disk-kind=nvme");
  EXPECT_EQ(labels, (scheduler::Labels{{"zone", "eu"}, {"disk-kind", "nvme"}}));
}

TEST(OwnNode, RefusesWhatIsNoLabelAndSaysWhatItFound) {
  for (const char* text : {"zone", "zone=", "=eu", "Zone=eu", "zone=e u", "zone=eu=us"}) {
    const auto labels = parse_labels(text);
    ASSERT_FALSE(labels.ok()) << text;
    EXPECT_NE(labels.error().message.find(std::string("'") + text + "'"), std::string::npos);
  }
  EXPECT_FALSE(parse_labels("a=1,a=2").ok());
  std::string many;
  for (int i = 0; i < 33; ++i) many += "label-" + std::to_string(i) + "=1,";
  EXPECT_FALSE(parse_labels(many).ok());
}

TEST(OwnNode, ReadsAnOperator) {
  EXPECT_EQ(*parse_operator(""), "");
  EXPECT_EQ(*parse_operator("example.org"), "example.org");
  EXPECT_FALSE(parse_operator("two words").ok());
}

}  // namespace
}  // namespace timerose::node
