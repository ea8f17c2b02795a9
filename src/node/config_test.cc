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

}  // namespace
}  // namespace timerose::node
