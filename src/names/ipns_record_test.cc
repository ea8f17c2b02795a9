#include "names/ipns_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/hex.h"
#include "ipld/dag_cbor.h"
#include "names/names_testing.h"
#include "names/rfc3339.h"

namespace timerose::names {
namespace {

using ::testing::HasSubstr;
using testing::key_number;
using testing::name_of;

constexpr uint64_t kNow = 1'795'262'400'000'000'000;  // 2026-11-21T12:00:00Z
constexpr uint64_t kDayNs = 24ULL * 3600 * 1'000'000'000;

IpnsRecord example() {
  return {"/ipfs/bafkqaddwgevxmmraojswg33smq", 7, *parse_rfc3339("2126-11-21T12:00:00.123456789Z"),
          kTtlNsDefault};
}

// Records that were made by boxo 0.42 with the key of seed 01...01, but for those of other kinds of
// keys; see README.md.
Bytes file(const std::string& name) {
  const auto bytes = read_file(
      std::filesystem::path(TIMEROSE_SOURCE_DIR) / "src/names/testdata" / (name + ".ipns-record"),
      kRecordBytesMax);
  EXPECT_TRUE(bytes.ok()) << name;
  return bytes.ok() ? *bytes : Bytes();
}

Error refusal(ByteView bytes, const PeerId& name, uint64_t now_ns = kNow) {
  auto record = verify(bytes, name, now_ns);
  EXPECT_FALSE(record.ok());
  return record.ok() ? Error{} : std::move(record).error();
}

// The entry with `data` instead of its own, signed by `key`.
Bytes signed_data(const PrivateKey& key, const Bytes& data) {
  Bytes message = to_bytes(as_bytes("ipns-signature:"));
  message.insert(message.end(), data.begin(), data.end());
  const Signature signature = key.sign(message);
  IpnsEntry entry;
  entry.data = data;
  entry.signature_v2.assign(signature.begin(), signature.end());
  return entry.encode();
}

Value::Map good_data() {
  const auto text = [](std::string_view bytes) { return Value(to_bytes(as_bytes(bytes))); };
  return {{"Value", text("/ipfs/bafkqaaa")},
          {"Validity", text("2030-01-01T00:00:00Z")},
          {"ValidityType", Value(0)},
          {"Sequence", Value(3)},
          {"TTL", Value(60'000'000'000)}};
}

Bytes signed_map(const PrivateKey& key, const Value::Map& map) {
  return signed_data(key, *dag_cbor::encode(Value(map)));
}

TEST(IpnsRecord, IsTheSameBytesThatBoxoMakes) {
  const auto bytes = create(key_number(1), example());
  ASSERT_TRUE(bytes.ok()) << bytes.error().message;
  EXPECT_EQ(hex_encode(*bytes), hex_encode(file("v1_v2")));
}

TEST(IpnsRecord, ReadsWhatItCreates) {
  const PrivateKey key = key_number(3);
  const IpnsRecord record{"/ipns/example.org/a b/\u00fc", 0, kNow + kDayNs, 0};
  const auto bytes = create(key, record);
  ASSERT_TRUE(bytes.ok());
  const auto read = verify(*bytes, name_of(key), kNow);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, record);
  const auto entry = IpnsEntry::decode(*bytes);
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(entry->encode(), *bytes);
  EXPECT_EQ(*read_data(*entry), record);
}

TEST(IpnsRecord, OfBoxoIsRead) {
  const PeerId name = name_of(key_number(1));
  EXPECT_EQ(name_text(name), "k51qzi5uqu5djmw2yvf8kk5cdjc1ddc00o4d5sjwi6f79xzcay9j3gkddw5uu4");
  for (const char* kind : {"v1_v2", "v2", "broken_signature_v1", "metadata", "embedded_key"}) {
    const auto record = verify(file(kind), name, kNow);
    ASSERT_TRUE(record.ok()) << kind << ": " << record.error().message;
    EXPECT_EQ(*record, example()) << kind;
  }
  const auto whole_seconds = verify(file("no_fraction"), name, kNow);
  ASSERT_TRUE(whole_seconds.ok()) << whole_seconds.error().message;
  EXPECT_EQ(whole_seconds->valid_until_ns, *parse_rfc3339("2126-11-21T12:00:00Z"));
  EXPECT_EQ(whole_seconds->ttl_ns, 0U);
}

TEST(IpnsRecord, IsRefusedWhereTheSpecificationSaysSo) {
  const PeerId name = name_of(key_number(1));
  EXPECT_EQ(refusal(file("v1"), name).code, ErrorCode::kUnsupported);
  EXPECT_EQ(refusal(file("broken_signature_v2"), name).code, ErrorCode::kMismatch);
  EXPECT_EQ(refusal(file("other_embedded_key"), name).code, ErrorCode::kMismatch);
  const Error other_value = refusal(file("other_v1_value"), name);
  EXPECT_EQ(other_value.code, ErrorCode::kMismatch);
  EXPECT_THAT(other_value.message, HasSubstr("field value"));
  EXPECT_EQ(refusal({}, name).code, ErrorCode::kMalformed);
}

TEST(IpnsRecord, IsRefusedForAnotherName) {
  const Error error = refusal(file("v1_v2"), name_of(key_number(2)));
  EXPECT_EQ(error.code, ErrorCode::kMismatch);
  EXPECT_THAT(error.message, HasSubstr(name_text(name_of(key_number(2)))));
}

TEST(IpnsRecord, OfAnRsaKeyIsReadByTheKeyThatItHolds) {
  const auto rsa = PeerId::parse("QmdWH7ry3NyvuU6YP96CFdbA8GGcJmiTrxE6BguJnGazJ2");
  ASSERT_TRUE(rsa.ok());
  const auto record = verify(file("rsa"), *rsa, kNow);
  ASSERT_TRUE(record.ok()) << record.error().message;
  EXPECT_EQ(*record, example());
  Bytes damaged = file("rsa");
  damaged.back() ^= 1;
  EXPECT_FALSE(verify(damaged, *rsa, kNow).ok());
  EXPECT_EQ(refusal(file("rsa"), name_of(key_number(1))).code, ErrorCode::kMismatch);
}

TEST(IpnsRecord, OfAnotherKindOfKeyIsUnsupported) {
  const auto curve = PeerId::parse("16Uiu2HAkwSbaHdPFxQ8CV5moVXHgkJordoDokDzhYpg2Hi3YpRdC");
  ASSERT_TRUE(curve.ok());
  const Error of_curve = refusal(file("secp256k1"), *curve);
  EXPECT_EQ(of_curve.code, ErrorCode::kUnsupported);
  EXPECT_THAT(of_curve.message, HasSubstr("Ed25519"));
}

TEST(IpnsRecord, ExpiresAtItsValidityAndSaysSince) {
  const PrivateKey key = key_number(1);
  const Bytes bytes = *create(key, {"/ipfs/bafkqaaa", 1, kNow, kTtlNsDefault});
  EXPECT_TRUE(verify(bytes, name_of(key), kNow - 1).ok());
  const Error error = refusal(bytes, name_of(key), kNow);
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_THAT(error.message, HasSubstr("expired at 2026-11-21T12:00:00"));
  EXPECT_TRUE(inspect(bytes, name_of(key)).ok());
  EXPECT_EQ(refusal(file("expired"), name_of(key)).code, ErrorCode::kNotFound);
}

TEST(IpnsRecord, MayHaveTenKibibytes) {
  const PrivateKey key = key_number(1);
  IpnsRecord record = example();
  const size_t rest = create(key, record)->size() - 2 * record.value.size();
  // The value is there twice; its lengths take a byte or two more when it is long.
  record.value = "/ipfs/" + std::string((kRecordBytesMax - rest) / 2 - 16, 'x');
  const auto longest = create(key, record);
  ASSERT_TRUE(longest.ok());
  EXPECT_TRUE(verify(*longest, name_of(key), kNow).ok());
  record.value += std::string(16, 'x');
  const auto too_long = create(key, record);
  ASSERT_FALSE(too_long.ok());
  EXPECT_EQ(too_long.error().code, ErrorCode::kLimitExceeded);

  Bytes padded = *longest;
  padded.resize(kRecordBytesMax + 1);
  EXPECT_EQ(refusal(padded, name_of(key)).code, ErrorCode::kLimitExceeded);
}

TEST(IpnsRecord, WithANumberThatOthersCannotReadIsNotCreated) {
  IpnsRecord record = example();
  record.sequence = kSequenceMax;
  EXPECT_TRUE(create(key_number(1), record).ok());
  ++record.sequence;
  EXPECT_EQ(create(key_number(1), record).error().code, ErrorCode::kLimitExceeded);
}

TEST(IpnsRecord, PassesOverFieldsThatItDoesNotKnow) {
  Bytes bytes = file("v1_v2");
  const Bytes surplus{0x52, 0x01, 0x2a, 0x58, 0x07, 0x09, 0, 0, 0, 0, 0, 0, 0, 0};
  bytes.insert(bytes.end(), surplus.begin(), surplus.end());
  const auto record = verify(bytes, name_of(key_number(1)), kNow);
  ASSERT_TRUE(record.ok()) << record.error().message;
  EXPECT_EQ(*record, example());
}

TEST(IpnsRecord, OldFieldsMustRepeatTheSignedOnes) {
  const PrivateKey key = key_number(1);
  const auto altered = [](auto change) {
    IpnsEntry entry = *IpnsEntry::decode(file("v1_v2"));
    change(entry);
    return entry.encode();
  };
  const std::vector<std::pair<std::string, Bytes>> cases{
      {"validity", altered([](IpnsEntry& entry) { entry.validity.clear(); })},
      {"validityType", altered([](IpnsEntry& entry) { entry.validity_type = 1; })},
      {"sequence", altered([](IpnsEntry& entry) { entry.sequence = 8; })},
      {"sequence", altered([](IpnsEntry& entry) { entry.sequence.reset(); })},
      {"ttl", altered([](IpnsEntry& entry) { entry.ttl = 1; })},
      {"value", altered([](IpnsEntry& entry) { entry.value.clear(); })},
  };
  for (const auto& [field, bytes] : cases) {
    const Error error = refusal(bytes, name_of(key));
    EXPECT_EQ(error.code, ErrorCode::kMismatch) << field;
    EXPECT_THAT(error.message, HasSubstr("field " + field));
  }
  // Without value and V1 signature nobody can read the old fields.
  EXPECT_TRUE(verify(altered([](IpnsEntry& entry) {
                       entry.value.clear();
                       entry.signature_v1.clear();
                       entry.sequence = 8;
                     }),
                     name_of(key), kNow)
                  .ok());
}

TEST(IpnsRecord, DataMustHaveEveryFieldOfItsKind) {
  const PrivateKey key = key_number(1);
  ASSERT_TRUE(verify(signed_map(key, good_data()), name_of(key), kNow).ok());
  for (const auto& [name, value] : good_data()) {
    Value::Map without = good_data();
    without.erase(name);
    const Error missing = refusal(signed_map(key, without), name_of(key));
    EXPECT_EQ(missing.code, ErrorCode::kMalformed);
    EXPECT_THAT(missing.message, HasSubstr(name));
    Value::Map other = good_data();
    other[name] = Value("text");
    EXPECT_EQ(refusal(signed_map(key, other), name_of(key)).code, ErrorCode::kMalformed);
  }
  Value::Map negative = good_data();
  negative["TTL"] = Value(-1);
  EXPECT_EQ(refusal(signed_map(key, negative), name_of(key)).code, ErrorCode::kMalformed);
  Value::Map type = good_data();
  type["ValidityType"] = Value(1);
  EXPECT_EQ(refusal(signed_map(key, type), name_of(key)).code, ErrorCode::kUnsupported);
  Value::Map when = good_data();
  when["Validity"] = Value(to_bytes(as_bytes("tomorrow")));
  EXPECT_EQ(refusal(signed_map(key, when), name_of(key)).code, ErrorCode::kMalformed);
  EXPECT_EQ(refusal(signed_data(key, {0x80}), name_of(key)).code, ErrorCode::kMalformed);
  EXPECT_EQ(refusal(signed_data(key, {0xff}), name_of(key)).code, ErrorCode::kMalformed);
}

TEST(IpnsRecord, ValueMayBeTheBytesOfACidOrNothing) {
  const PrivateKey key = key_number(1);
  const auto value_of = [&](Bytes value) -> std::string {
    Value::Map data = good_data();
    data["Value"] = Value(std::move(value));
    const auto record = verify(signed_map(key, data), name_of(key), kNow);
    return record.ok() ? record->value : error_code_name(record.error().code);
  };
  const Cid cid = Cid::of_sha256(Codec::kRaw, as_bytes("hello"));
  EXPECT_EQ(value_of(to_bytes(cid.bytes())), "/ipfs/" + cid.to_string());
  EXPECT_EQ(value_of({}), "/ipfs/bafkqaaa");
  EXPECT_EQ(value_of(to_bytes(as_bytes("example.org"))), "malformed");
  EXPECT_EQ(value_of({'/', 0xff}), "malformed");
}

TEST(IpnsRecord, CutShortAnywhereIsRefused) {
  const Bytes bytes = file("v1_v2");
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(verify(ByteView(bytes).first(length), name_of(key_number(1)), kNow).ok())
        << length;
  }
}

TEST(IpnsRecord, WithAnyBitOfItsDataTurnedIsRefused) {
  const IpnsEntry good = *IpnsEntry::decode(file("v2"));
  for (size_t bit = 0; bit < good.data.size() * 8; ++bit) {
    IpnsEntry entry = good;
    entry.data[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    EXPECT_FALSE(verify(entry.encode(), name_of(key_number(1)), kNow).ok()) << bit;
  }
}

TEST(IpnsRecord, NewerIsByNumberThenValidityThenBytes) {
  const auto record = [](uint64_t sequence, uint64_t until, Bytes bytes) {
    return SignedRecord{{"", sequence, until, 0}, std::move(bytes)};
  };
  EXPECT_TRUE(is_newer(record(2, 1, {1}), record(1, 9, {9})));
  EXPECT_FALSE(is_newer(record(1, 9, {9}), record(2, 1, {1})));
  EXPECT_TRUE(is_newer(record(1, 2, {1}), record(1, 1, {9})));
  EXPECT_TRUE(is_newer(record(1, 1, {2}), record(1, 1, {1, 9})));
  EXPECT_FALSE(is_newer(record(1, 1, {1}), record(1, 1, {1})));
}

TEST(IpnsRecord, RoutingKeyIsThePrefixAndThePeerId) {
  const PeerId name = name_of(key_number(1));
  const Bytes key = routing_key(name);
  EXPECT_EQ(as_text(ByteView(key).first(6)), "/ipns/");
  EXPECT_TRUE(equal(ByteView(key).subspan(6), name.bytes()));
  EXPECT_EQ(*name_of_routing_key(key), name);
  EXPECT_EQ(name_of_routing_key(as_bytes("/pk/x")).error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(name_of_routing_key(as_bytes("/ipns/")).ok());
}

}  // namespace
}  // namespace timerose::names
