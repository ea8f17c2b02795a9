#include "ipld/dag_pb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hex.h"
#include "ipld/codec.h"

namespace timerose::dag_pb {
namespace {

using ::testing::HasSubstr;

// CIDv0 of 34 bytes, as the Hash field (36 bytes with its head).
const std::string kHash =
    "0a221220cf92fdefcdc34cac009c8b05eb662be0618db9de55ecd42785e9ec6712f8df65";
const std::string kLink = "1224" + kHash;

Cid some_cid() { return *Cid::decode(*hex_decode(kHash.substr(4))); }

Result<Node> decode_hex(std::string_view hex) { return decode(*hex_decode(hex)); }

void expect_encoding(const Node& node, std::string_view hex) {
  EXPECT_EQ(hex_encode(encode(node)), hex);
  const auto decoded = decode_hex(hex);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(hex_encode(encode(*decoded)), hex);
  const auto from_value = dag_pb::from_value(to_value(*decoded));
  ASSERT_TRUE(from_value.ok()) << from_value.error().message;
  EXPECT_EQ(hex_encode(encode(*from_value)), hex);
}

void expect_refused(std::string_view hex, std::string_view why) {
  const auto decoded = decode_hex(hex);
  ASSERT_FALSE(decoded.ok()) << hex;
  EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
  EXPECT_THAT(decoded.error().message, HasSubstr(std::string(why))) << hex;
  EXPECT_FALSE(for_each_link(*hex_decode(hex), [](const LinkView&) { return success(); }).ok());
}

TEST(DagPb, EncodesAbsentAndEmptyFieldsApart) {
  expect_encoding({}, "");
  expect_encoding({{}, Bytes{}}, "0a00");
  expect_encoding({{}, Bytes{0, 1}}, "0a020001");
  expect_encoding({{{some_cid(), "", false, {}}}, {}}, kLink);
  expect_encoding({{{some_cid(), "", true, {}}}, {}}, "1226" + kHash + "1200");
  expect_encoding({{{some_cid(), "", false, 0}}, {}}, "1226" + kHash + "1800");
  expect_encoding({{{some_cid(), "ab", true, UINT64_MAX}}, Bytes{7}},
                  "1233" + kHash + "12026162" + "18ffffffffffffffffff01" + "0a0107");
}

TEST(DagPb, AcceptsDataBeforeLinks) {
  const auto node = decode_hex("0a0107" + kLink + kLink);
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->links.size(), 2U);
  EXPECT_EQ(hex_encode(encode(*node)), kLink + kLink + "0a0107");
}

TEST(DagPb, RefusesDataBetweenLinks) { expect_refused(kLink + "0a0107" + kLink, "between Links"); }

TEST(DagPb, RefusesRepeatedFields) {
  expect_refused("0a000a00", "Data is repeated");
  expect_refused("1248" + kHash + kHash, "repeated");
  expect_refused("1228" + kHash + "12001200", "repeated");
  expect_refused("1228" + kHash + "18001800", "repeated");
}

TEST(DagPb, RefusesLinkFieldsOutOfOrder) {
  expect_refused(
      "1226"
      "1200" +
          kHash,
      "not in order");
  expect_refused("1228" + kHash + "18001200", "not in order");
}

TEST(DagPb, RefusesUnknownFieldsAndWireTypes) {
  expect_refused("1a00", "field 3 of wire type 2");
  expect_refused("0800", "field 1 of wire type 0");
  expect_refused("1226" + kHash + "2000", "field 4 of wire type 0");
  expect_refused("1226" + kHash + "1a00", "field 3 of wire type 2");
}

TEST(DagPb, RefusesALinkWithoutACid) {
  for (const char* hex : {"1200", "12020a00", "12021200", "12021800"}) {
    expect_refused(hex, "no Hash");
  }
  expect_refused("12030a0101", "no CID");
  expect_refused(
      "1225"
      "0a231220cf92fdefcdc34cac009c8b05eb662be0618db9de55ecd42785e9ec6712f8df6500",
      "no CID");
}

TEST(DagPb, RefusesTruncatedInput) {
  expect_refused("0a", "inside a number");
  expect_refused("0a02ff", "2 bytes, but 1 follow");
  expect_refused("12ffffffffffffffffff01", "0 follow");
  expect_refused("0affffffffffffffffff02", "over 64 bits");
  expect_refused("1227" + kHash + "188080", "inside a number");
}

TEST(DagPb, SortsLinksByTheBytesOfTheirNamesAndKeepsEqualOnesInOrder) {
  Node node;
  for (const auto& [name, size] : std::vector<std::pair<std::string, uint64_t>>{
           {"b", 0}, {"\xc3\xa9", 1}, {"", 2}, {"aa", 3}, {"", 4}}) {
    node.links.push_back({some_cid(), name, true, size});
  }
  sort_links(node);
  std::vector<uint64_t> order;
  for (const Link& link : node.links) order.push_back(*link.size);
  EXPECT_EQ(order, (std::vector<uint64_t>{2, 4, 3, 0, 1}));
}

TEST(DagPb, ReadsLinksAndDataInPlace) {
  const Bytes block =
      encode({{{some_cid(), "ab", true, 5}, {some_cid(), "", false, {}}}, Bytes{7}});
  std::vector<std::string> seen;
  ASSERT_TRUE(for_each_link(block, [&](const LinkView& link) {
                EXPECT_EQ(link.cid, some_cid());
                seen.push_back(std::string(link.name) + "/" + std::to_string(link.size));
                return success();
              }).ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"ab/5", "/0"}));
  const auto data = data_of(block);
  ASSERT_TRUE(data.ok() && data->has_value());
  EXPECT_EQ((*data)->data(), &block.back());
  EXPECT_FALSE(data_of(encode({}))->has_value());
}

TEST(DagPb, RefusesValuesThatAreNoNode) {
  const Value link = Value::Map{{"Hash", some_cid()}};
  const auto refused = [](const Value& value) { return dag_pb::from_value(value).error().message; };
  EXPECT_THAT(refused(1), HasSubstr("a map, found integer"));
  EXPECT_THAT(refused(Value::Map{}), HasSubstr("Links to be a list, found nothing"));
  EXPECT_THAT(refused(Value::Map{{"Links", Value::List{}}, {"Data", nullptr}}), HasSubstr("Data"));
  EXPECT_THAT(refused(Value::Map{{"Links", Value::List{}}, {"x", 1}}), HasSubstr("\"x\""));
  EXPECT_THAT(refused(Value::Map{{"Links", Value::List{Value::Map{}}}}), HasSubstr("Hash"));
  const auto with = [&](const char* key, const Value& value) {
    Value::Map map = *link.as_map();
    map.emplace(key, value);
    return Value(Value::Map{{"Links", Value::List{map}}});
  };
  EXPECT_THAT(refused(with("Name", 1)), HasSubstr("Name"));
  EXPECT_THAT(refused(with("Tsize", -1)), HasSubstr("Tsize"));
  EXPECT_THAT(refused(with("other", 1)), HasSubstr("other"));
}

TEST(Codec, OpensEachFormatByItsCode) {
  const Value value = Value::Map{{"Links", Value::List{Value::Map{{"Hash", some_cid()}}}}};
  for (const Codec codec : {Codec::kDagPb, Codec::kDagCbor, Codec::kDagJson}) {
    const auto block = ipld::encode(codec, value);
    ASSERT_TRUE(block.ok()) << codec_name(codec);
    EXPECT_TRUE(*ipld::decode(codec, *block) == value);
    std::vector<Cid> links;
    ASSERT_TRUE(ipld::for_each_link(codec, *block, [&](const Cid& cid) {
                  links.push_back(cid);
                  return success();
                }).ok());
    EXPECT_EQ(links, std::vector<Cid>{some_cid()});
  }
}

TEST(Codec, TakesRawBlocksForOneByteString) {
  const Bytes bytes{1, 2};
  EXPECT_TRUE(*ipld::decode(Codec::kRaw, bytes) == Value(bytes));
  EXPECT_EQ(*ipld::encode(Codec::kRaw, bytes), bytes);
  EXPECT_EQ(ipld::encode(Codec::kRaw, "text").error().code, ErrorCode::kMalformed);
}

TEST(Codec, NamesACodecThatItDoesNotKnow) {
  const auto unknown = static_cast<Codec>(0x1234);
  EXPECT_EQ(ipld::decode(unknown, {}).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(ipld::encode(unknown, 1).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(ipld::for_each_link(unknown, {}, [](const Cid&) { return success(); }).error().code,
            ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace timerose::dag_pb
