#include "node/network/network_settings.h"

#include <gtest/gtest.h>

namespace timerose::node {
namespace {

constexpr const char* kPeer = "12D3KooWDpp7U7W9Q8feMZPPEpPP5FKXTUakLgnVLbavfjb9mzrT";

// On loopback, so that nothing depends on the machine.
Config config_with(const char* name, const std::string& value) {
  Config config = Config::parse("{}").value();
  EXPECT_TRUE(config.set("Addresses.Listen", "/ip4/127.0.0.1/tcp/0").ok());
  EXPECT_TRUE(config.set(name, value).ok());
  return config;
}

TEST(NetworkSettings, NamesThePeersThatAreNeverLeftToMakeRoom) {
  const auto none = network_settings(config_with("Connections.High", "200"), "test");
  ASSERT_TRUE(none.ok()) << none.error().message;
  EXPECT_TRUE(none->kept.empty());
  const auto one = network_settings(config_with("Connections.Keep", kPeer), "test");
  ASSERT_TRUE(one.ok()) << one.error().message;
  ASSERT_EQ(one->kept.size(), 1U);
  EXPECT_EQ(one->kept[0].to_string(), kPeer);
}

TEST(NetworkSettings, ThresholdsThatContradictEachOtherAreRefused) {
  Config config = config_with("Connections.High", "10");
  EXPECT_TRUE(config.set("Connections.Low", "20").ok());
  const auto settings = network_settings(config, "test");
  ASSERT_FALSE(settings.ok());
  EXPECT_EQ(settings.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(settings.error().message.find("Connections.Low"), std::string::npos);
}

}  // namespace
}  // namespace timerose::node
