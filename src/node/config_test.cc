#include "node/config.h"

#include <gtest/gtest.h>

namespace timerose::node {
namespace {

TEST(Config, WithNoFileIsTheDefaults) {
  const auto config = Config::load("/nonexistent/config.json");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->storage_bytes_max(), 0U);
  EXPECT_EQ(config->import_profile(), "unixfs-v1-2025");
  EXPECT_EQ(config->format(), "{}\n");
}

TEST(Config, FormatAndParseAreInverses) {
  Config config = Config::parse("{}").value();
  ASSERT_TRUE(config.set("Storage.Limit", "10GiB").ok());
  ASSERT_TRUE(config.set("Import.Profile", "fan-2021").ok());
  const auto again = Config::parse(config.format());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, config);
  EXPECT_EQ(again->storage_bytes_max(), 10ULL << 30);
  EXPECT_EQ(Config::parse(config.format_all()).value(), config);
}

TEST(Config, RefusesAValueThatMakesNoSense) {
  Config config = Config::parse("{}").value();
  const auto set = config.set("Storage.Limit", "lots");
  ASSERT_FALSE(set.ok());
  EXPECT_NE(set.error().message.find("Storage.Limit: expected a number of bytes"),
            std::string::npos);
  EXPECT_EQ(config.get("Storage.Limit").value(), "0");
}

TEST(Config, AnUnknownSettingListsThoseThereAre) {
  Config config = Config::parse("{}").value();
  EXPECT_EQ(config.get("Storage.Max").error().code, ErrorCode::kNotFound);
  EXPECT_NE(config.get("Storage.Max").error().message.find("Storage.Limit"), std::string::npos);
}

TEST(Config, RefusesAFileThatIsNotAJsonObjectOfSettings) {
  for (const char* text : {"", "[]", "{", "{\"Storage\":3}", "{\"Storage\":{\"Limit\":\"x\"}}"}) {
    EXPECT_EQ(Config::parse(text).error().code, ErrorCode::kMalformed) << text;
  }
}

TEST(Config, TakesNumbersWrittenAsJsonNumbers) {
  EXPECT_EQ(Config::parse("{\"Storage\":{\"Limit\":4096}}")->storage_bytes_max(), 4096U);
}

TEST(Config, TakesListsWithCommasAndAsJsonArrays) {
  const auto config =
      Config::parse("{\"Addresses\":{\"Listen\":[\"lan\",\"/ip4/127.0.0.1/tcp/0\"]}}");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->list_of("Addresses.Listen"),
            (std::vector<std::string>{"lan", "/ip4/127.0.0.1/tcp/0"}));
  EXPECT_EQ(Config::parse(config->format()).value(), *config);
}

TEST(Config, ChecksWhatSettingsSay) {
  Config config = Config::parse("{}").value();
  const std::pair<const char*, const char*> wrong[] = {
      {"Addresses.Listen", "localhost:4001"},
      {"Bootstrap", "/ip4/127.0.0.1/tcp/1"},
      {"Network.Key", "abcd"},
      {"Discovery.MDNS", "yes"},
      {"Routing.Mode", "on"},
      {"Connections.High", "0"},
      {"Execute.WorkerMemory", "256MiB"},
      {"Execute.WorkersMemory", "half"},
      {"Bitswap.Serve", "some"},
      {"Bitswap.Deny", "nothing"},
      {"Http.Gateways", "example.org"},
  };
  for (const auto& [name, value] : wrong) {
    EXPECT_EQ(config.set(name, value).error().message.substr(0, std::string(name).size()), name);
  }
  EXPECT_TRUE(config.set("Network.Key", std::string(64, 'a')).ok());
  EXPECT_TRUE(config.set("Addresses.Listen", "loopback, /ip4/0.0.0.0/tcp/4001").ok());
}

TEST(Config, AWrongKeyIsNotRepeated) {
  Config config = Config::parse("{}").value();
  const auto set = config.set("Network.Key", "deadbeef");
  EXPECT_EQ(set.error().message.find("deadbeef"), std::string::npos);
}

}  // namespace
}  // namespace timerose::node
