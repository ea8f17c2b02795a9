#include "scheduler/adverts/advert.h"

#include <gtest/gtest.h>

#include "compute/testing/golden.h"
#include "scheduler/testing.h"

namespace timerose::scheduler {
namespace {

constexpr std::string_view kFolder = "src/scheduler/testdata";

Advert full_advert() {
  Advert advert = testing::advert_of(7, 1'800'000'000'000'001);
  advert.interval_s = 45;
  advert.capacity.gpus = {{"Tesla T4", uint64_t{16} << 30}};
  advert.capacity.engines = {"wasmtime 48.0.8"};
  advert.capacity.labels = {{"zone", "eu"}, {"disk-kind", "nvme"}};
  advert.capacity.operator_name = "example.org";
  advert.use.cores_free = 3;
  advert.use.running = 5;
  advert.use.queued = 2;
  advert.use.wait_ms = 1500;
  advert.speed.fuel_per_s = 900'000'000;
  advert.speed.network_bytes_s = 110'000'000;
  advert.speed.receipt = Cid::of_sha256(Codec::kDagCbor, as_bytes("receipt"));
  const std::vector<Cid> warm{Cid::of_sha256(Codec::kRaw, as_bytes("one")),
                              Cid::of_sha256(Codec::kRaw, as_bytes("two"))};
  advert.warm = WarmSet(warm);
  advert.coordinate.at_us = {-1500, 20'000, 0};
  advert.coordinate.height_us = 300;
  advert.coordinate.error_permille = 120;
  EXPECT_TRUE(advert.sign(testing::key_of(7)).ok());
  return advert;
}

std::string refusal(const Advert& advert) {
  const auto encoded = advert.encode();
  return encoded.ok() ? "accepted" : encoded.error().message;
}

// The advert with one thing in its payload changed, as bytes.
Bytes with(const Advert& advert, const std::string& name, Value value) {
  Value outer = *dag_cbor::decode(*advert.encode());
  (*outer.as_map()->at("payload").as_map())[name] = std::move(value);
  return *dag_cbor::encode(outer);
}

std::string decoding(const Bytes& bytes) {
  const auto advert = Advert::decode(bytes);
  return advert.ok() ? "accepted" : advert.error().message;
}

TEST(Advert, HasOneEncoding) {
  compute::testing::expect_golden("advert_least", testing::advert_of(1), kFolder);
  compute::testing::expect_golden("advert_full", full_advert(), kFolder);
}

TEST(Advert, DecodesStrictly) {
  compute::testing::expect_strict(full_advert(), {"payload", "signature"});
  const Value outer = *dag_cbor::decode(*full_advert().encode());
  const Value::Map& payload = *outer.find("payload")->as_map();
  for (const auto& [name, value] : payload) {
    const bool optional = name == "gpus" || name == "warm" || name == "speed" || name == "labels" ||
                          name == "engines" || name == "operator";
    Value fewer = outer;
    fewer.as_map()->at("payload").as_map()->erase(name);
    EXPECT_EQ(Advert::decode(*dag_cbor::encode(fewer)).ok(), optional) << name;
    EXPECT_FALSE(Advert::decode(with(full_advert(), name, nullptr)).ok()) << name;
  }
  EXPECT_NE(decoding(with(full_advert(), "surplus", 1)).find("\"surplus\""), std::string::npos);
}

TEST(Advert, IsSmall) {
  EXPECT_LT(testing::advert_of(1).encode()->size(), 320U);
  EXPECT_LT(full_advert().encode()->size(), 512U);
}

TEST(Advert, IsVerifiedByItsNodesKeyAlone) {
  Advert advert = full_advert();
  EXPECT_TRUE(advert.verify().ok());
  EXPECT_TRUE(Advert::decode(*advert.encode())->verify().ok());
  advert.use.running += 1;
  ASSERT_FALSE(advert.verify().ok());
  EXPECT_EQ(advert.verify().error().code, ErrorCode::kMismatch);
  advert = full_advert();
  advert.node = testing::key_of(8).public_key();
  EXPECT_FALSE(advert.verify().ok());
}

TEST(Advert, RefusesWhatCannotBe) {
  Advert advert = full_advert();
  advert.use.cores_free = advert.capacity.cores + 1;
  EXPECT_NE(refusal(advert).find("cores free"), std::string::npos);
  advert = full_advert();
  advert.capacity.memory_bytes = Advert::kMemoryBytesMax + 1;
  EXPECT_NE(refusal(advert).find("memory"), std::string::npos);
  advert = full_advert();
  advert.interval_s = 0;
  EXPECT_NE(refusal(advert).find("interval"), std::string::npos);
  advert = full_advert();
  advert.capacity.labels["Zone"] = "eu";
  EXPECT_NE(refusal(advert).find("\"Zone\""), std::string::npos);
  advert = full_advert();
  advert.capacity.labels["zone"] = "e u";
  EXPECT_NE(refusal(advert).find("\"e u\""), std::string::npos);
  advert = full_advert();
  advert.capacity.engines = {"b", "a"};
  EXPECT_NE(refusal(advert).find("ascending"), std::string::npos);
  advert = full_advert();
  advert.coordinate.height_us = Coordinate::kMicrosecondsMax + 1;
  EXPECT_NE(refusal(advert).find("coordinate"), std::string::npos);
}

TEST(Advert, DecodingHasTheSameLimits) {
  const Advert advert = full_advert();
  const Value whole = *dag_cbor::decode(*advert.encode());
  Value use = *whole.find("payload")->find("used");
  (*use.as_map())["cores"] = 9;
  EXPECT_NE(decoding(with(advert, "used", use)).find("cores free"), std::string::npos);
  EXPECT_NE(decoding(with(advert, "interval", 0)).find("interval"), std::string::npos);
  EXPECT_NE(decoding(with(advert, "interval", -1)).find("interval"), std::string::npos);
  EXPECT_NE(decoding(with(advert, "v", 2)).find("version 2"), std::string::npos);
  EXPECT_NE(decoding(with(advert, "node", Bytes{0, 0})).find("node"), std::string::npos);
  EXPECT_NE(decoding(with(advert, "warm", Bytes(5))).find("warm"), std::string::npos);
  EXPECT_NE(decoding(with(advert, "warm", Bytes(8))).find("ascending"), std::string::npos);
  EXPECT_NE(decoding(with(advert, "place", Value::List{1, 2})).find("place"), std::string::npos);
  EXPECT_NE(decoding(Bytes(Advert::kBytesMax + 1)).find("bytes"), std::string::npos);
}

TEST(Advert, ItsLargestFormStaysWithinItsLimit) {
  Advert advert = full_advert();
  for (int i = 0; advert.capacity.labels.size() < Advert::kLabelsMax; ++i) {
    advert.capacity.labels["label-number-" + std::to_string(i)] = "a-value-of-a-usual-length";
  }
  std::vector<Cid> warm;
  for (size_t i = 0; i < 2 * WarmSet::kEntriesMax; ++i) {
    warm.push_back(Cid::of_sha256(Codec::kRaw, as_bytes(std::to_string(i))));
  }
  advert.warm = WarmSet(warm);
  EXPECT_EQ(advert.warm.size(), WarmSet::kEntriesMax);
  EXPECT_EQ(refusal(advert), "accepted");
  for (auto& [name, value] : advert.capacity.labels) value = std::string(63, 'x');
  advert.capacity.labels[std::string(63, 'y')] = "x";
  EXPECT_NE(refusal(advert).find("labels"), std::string::npos);
}

TEST(WarmSet, HoldsWhatWasPutInAndLittleElse) {
  std::vector<Cid> cids;
  for (int i = 0; i < 100; ++i) {
    cids.push_back(Cid::of_sha256(Codec::kRaw, as_bytes(std::to_string(i))));
  }
  const WarmSet set(cids);
  for (const Cid& cid : cids) EXPECT_TRUE(set.may_hold(cid));
  size_t wrong = 0;
  for (int i = 100; i < 20'000; ++i) {
    wrong += set.may_hold(Cid::of_sha256(Codec::kRaw, as_bytes(std::to_string(i)))) ? 1 : 0;
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(*WarmSet::decode(set.encode()), set);
}

}  // namespace
}  // namespace timerose::scheduler
