// Golden files of our objects: the bytes (.bin) and the same value as DAG-JSON (.json), named by
// their path under src/compute/testdata, or under the folder that is given with them.
// TIMEROSE_UPDATE_GOLDEN=1 in the environment writes them afresh.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/file.h"
#include "base/hex.h"
#include "ipld/dag_cbor.h"
#include "ipld/dag_json.h"

namespace timerose::compute::testing {

inline constexpr std::string_view kGoldenFolder = "src/compute/testdata";

inline std::filesystem::path golden_path(const std::string& name, std::string_view folder) {
  return std::filesystem::path(TIMEROSE_SOURCE_DIR) / folder / name;
}

inline Bytes golden_file(const std::string& name, std::string_view folder = kGoldenFolder) {
  auto bytes = read_file(golden_path(name, folder), 1U << 20);
  EXPECT_TRUE(bytes.ok()) << name << " (TIMEROSE_UPDATE_GOLDEN=1 writes it)";
  return bytes.ok() ? *bytes : Bytes();
}

inline void update_golden(const std::string& name, ByteView bytes,
                          std::string_view folder = kGoldenFolder) {
  if (std::getenv("TIMEROSE_UPDATE_GOLDEN") == nullptr) return;
  EXPECT_TRUE(write_file_atomically(golden_path(name, folder), bytes, 0644).ok()) << name;
}

// Expects that `object` has the encoding of NAME.bin, that this decodes to `object`, and that
// NAME.json is the same value both ways.
template <typename Object>
void expect_golden(const std::string& name, const Object& object,
                   std::string_view folder = kGoldenFolder) {
  SCOPED_TRACE(name);
  const auto encoded = object.encode();
  ASSERT_TRUE(encoded.ok()) << encoded.error().message;
  const auto value = dag_cbor::decode(*encoded);
  ASSERT_TRUE(value.ok()) << value.error().message;
  const auto json = dag_json::encode(*value);
  ASSERT_TRUE(json.ok()) << json.error().message;
  update_golden(name + ".bin", *encoded, folder);
  update_golden(name + ".json", as_bytes(*json + "\n"), folder);

  const Bytes bytes = golden_file(name + ".bin", folder);
  EXPECT_EQ(hex_encode(*encoded), hex_encode(bytes));
  const auto decoded = Object::decode(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(*decoded, object);
  const Bytes text = golden_file(name + ".json", folder);
  EXPECT_EQ(*json + "\n", as_text(text));
  const auto from_text = dag_json::decode(text);
  ASSERT_TRUE(from_text.ok()) << from_text.error().message;
  const auto from_text_bytes = dag_cbor::encode(*from_text);
  ASSERT_TRUE(from_text_bytes.ok());
  EXPECT_EQ(hex_encode(*from_text_bytes), hex_encode(bytes));
}

// Expects every strict-decoding rule on one good encoding: a field more, each field missing, any
// prefix of the bytes.
template <typename Object>
void expect_strict(const Object& object, const std::vector<std::string>& required) {
  const auto encoded = object.encode();
  ASSERT_TRUE(encoded.ok());
  const auto value = dag_cbor::decode(*encoded);
  ASSERT_TRUE(value.ok());
  const auto decode = [](const Value::Map& map) {
    return Object::decode(*dag_cbor::encode(Value(map)));
  };
  Value::Map more = *value->as_map();
  more.emplace("surplus", 1);
  const auto with_more = decode(more);
  ASSERT_FALSE(with_more.ok());
  EXPECT_EQ(with_more.error().code, ErrorCode::kMalformed);
  EXPECT_NE(with_more.error().message.find("\"surplus\""), std::string::npos);
  for (const std::string& name : required) {
    Value::Map fewer = *value->as_map();
    ASSERT_EQ(fewer.erase(name), 1U) << name;
    const auto without = decode(fewer);
    ASSERT_FALSE(without.ok()) << name;
    EXPECT_EQ(without.error().code, ErrorCode::kMalformed);
    EXPECT_NE(without.error().message.find("\"" + name + "\""), std::string::npos)
        << without.error().message;
  }
  for (size_t length = 0; length < encoded->size(); ++length) {
    EXPECT_FALSE(Object::decode(ByteView(*encoded).first(length)).ok()) << length;
  }
}

}  // namespace timerose::compute::testing
