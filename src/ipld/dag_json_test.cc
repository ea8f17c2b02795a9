#include "ipld/dag_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ipld/dag_cbor.h"
#include "ipld/json.h"

namespace timerose::dag_json {
namespace {

using ::testing::HasSubstr;

const char kCidV1[] = "bafkreifw7plhl6mofk6sfvhnfh64qmkq73oeqwl6sloru6rehaoujituke";
const char kCidV0[] = "QmNPWHBrVQiiV8FpyNuEPhB9E2rbvdy9Yx79EY1EJuyf9o";

Result<Value> decode_text(std::string_view text) { return decode(as_bytes(text)); }

std::string encode_text(const Value& value) {
  const auto text = encode(value);
  return text.ok() ? *text : text.error().message;
}

// The value has this canonical form, both ways.
void expect_encoding(const Value& value, std::string_view text) {
  EXPECT_EQ(encode_text(value), text);
  const auto decoded = decode_text(text);
  ASSERT_TRUE(decoded.ok()) << text << ": " << decoded.error().message;
  EXPECT_TRUE(*decoded == value) << text;
}

void expect_refused(std::string_view text, std::string_view why,
                    ErrorCode code = ErrorCode::kMalformed) {
  const auto decoded = decode_text(text);
  ASSERT_FALSE(decoded.ok()) << text;
  EXPECT_EQ(decoded.error().code, code);
  EXPECT_THAT(decoded.error().message, HasSubstr(std::string(why))) << text;
}

TEST(DagJson, WritesScalars) {
  expect_encoding(nullptr, "null");
  expect_encoding(true, "true");
  expect_encoding(false, "false");
  expect_encoding("", "\"\"");
  expect_encoding(Value::List{}, "[]");
  expect_encoding(Value::Map{}, "{}");
}

TEST(DagJson, KeepsIntegersOfTheWholeRange) {
  expect_encoding(0, "0");
  expect_encoding(-1, "-1");
  expect_encoding(UINT64_MAX, "18446744073709551615");
  expect_encoding(-1 - Value::Integer{UINT64_MAX}, "-18446744073709551616");
  expect_refused("18446744073709551616", "2^64");
  expect_refused("-18446744073709551617", "2^64");
  expect_refused("99999999999999999999999999999999999999999999999999", "2^64");
}

TEST(DagJson, TellsFloatsFromIntegers) {
  expect_encoding(1.0, "1.0");
  expect_encoding(-0.0, "-0.0");
  EXPECT_TRUE(std::signbit(*decode_text("-0.0")->as_float()));
  EXPECT_TRUE(*decode_text("1e2") == Value(100.0));
  EXPECT_TRUE(*decode_text("-0") == Value(0));
}

TEST(DagJson, WritesFloatsShortAndExact) {
  expect_encoding(0.1, "0.1");
  expect_encoding(-1.1, "-1.1");
  expect_encoding(82497.63712086187, "82497.63712086187");
  expect_encoding(0.000001, "0.000001");
  expect_encoding(1e-7, "1e-7");
  expect_encoding(-8.940696716308594e-8, "-8.940696716308594e-8");
  expect_encoding(1e-323, "1e-323");
  expect_encoding(123456.0, "123456.0");
  expect_encoding(1e20, "100000000000000000000.0");
  expect_encoding(123456789012345680000.0, "123456789012345680000.0");
  expect_encoding(1e21, "1e+21");
  expect_encoding(1.7976931348623157e308, "1.7976931348623157e+308");
}

TEST(DagJson, RefusesMalformedNumbers) {
  for (const char* text :
       {"01", "-", "+1", ".5", "1.", "1e", "1e+", "-01", "0x1", "1e999", "NaN"}) {
    EXPECT_FALSE(decode_text(text).ok()) << text;
  }
}

TEST(DagJson, EscapesOnlyWhatItMust) {
  expect_encoding("\"\\/\b\f\n\r\t", R"("\"\\/\b\f\n\r\t")");
  expect_encoding(std::string("\0\x1f\x7f", 3), "\"\\u0000\\u001f\x7f\"");
  expect_encoding("\xe2\x98\xba\xf0\x90\x85\x91", "\"\xe2\x98\xba\xf0\x90\x85\x91\"");
}

TEST(DagJson, ReadsEveryEscape) {
  EXPECT_TRUE(*decode_text(R"("\/\u0041\u00e9\u263A\ud800\udd51")") ==
              Value("/A\xc3\xa9\xe2\x98\xba\xf0\x90\x85\x91"));
}

TEST(DagJson, RefusesBadStrings) {
  expect_refused(R"("\ud800")", "first half");
  expect_refused(R"("\ud800\u0041")", "first half");
  expect_refused(R"("\udc00")", "second half");
  expect_refused(R"("\u12g4")", "four hexadecimal");
  expect_refused(R"("\x41")", "escape");
  expect_refused("\"\n\"", "escape");
  expect_refused("\"\xff\"", "UTF-8");
  expect_refused("\"abc", "ends inside a string");
  expect_refused("\"abc\\", "escape");
}

TEST(DagJson, SortsKeysByTheirBytes) {
  expect_encoding(Value::Map{{"b", 1}, {"aa", 2}, {"", 3}}, R"({"":3,"aa":2,"b":1})");
}

TEST(DagJson, AcceptsWhiteSpaceAndAnyKeyOrder) {
  EXPECT_TRUE(*decode_text(" { \"b\" : [ 1 ,\n2 ] ,\t\"a\":{ } }\r\n") ==
              Value(Value::Map{{"a", Value::Map{}}, {"b", Value::List{1, 2}}}));
}

TEST(DagJson, RefusesARepeatedKey) {
  expect_refused(R"({"a":1,"b":2,"a":3})", "\"a\" is repeated");
}

TEST(DagJson, RefusesBrokenStructure) {
  for (const char* text : {"", " ", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
                           "{a:1}", "[1}", "{\"a\":1]", "]", "nul", "tru", "[", "{", "{\"a\":1"}) {
    EXPECT_FALSE(decode_text(text).ok()) << text;
  }
  expect_refused("1 1", "the end of the input");
}

TEST(DagJson, WritesLinksAndBytes) {
  expect_encoding(*Cid::parse(kCidV1), std::string(R"({"/":")") + kCidV1 + "\"}");
  expect_encoding(*Cid::parse(kCidV0), std::string(R"({"/":")") + kCidV0 + "\"}");
  expect_encoding(Bytes{}, R"({"/":{"bytes":""}})");
  expect_encoding(Bytes{1, 2, 3}, R"({"/":{"bytes":"AQID"}})");
  expect_encoding(Bytes{0xfb, 0xff}, R"({"/":{"bytes":"+/8"}})");
}

TEST(DagJson, RefusesWhatOnlyLooksLikeALinkOrBytes) {
  expect_refused(R"({"/":"foo"})", "no CID");
  expect_refused(R"({"/":"foo","bar":"baz"})", "more than that key");
  expect_refused(R"({"/":{"bytes":"AQ="}})", "base64");
  expect_refused(R"({"/":{"bytes":"A*"}})", "base64");
  expect_refused(R"({"/":{"bytes":"AQ","bar":"baz"}})", "more than that key");
  expect_refused(R"({"/":{"bytes":"AQ"},"bar":"baz"})", "more than that key");
}

TEST(DagJson, TakesOtherMapsWithASlashForWhatTheyAre) {
  expect_encoding(Value::Map{{"/", true}, {"bar", "baz"}}, R"({"/":true,"bar":"baz"})");
  expect_encoding(Value::Map{{"/", Value::Map{{"bytes", true}}}}, R"({"/":{"bytes":true}})");
  expect_encoding(Value::Map{{"/", Value::Map{{"abar", "b"}, {"bytes", "f"}}}},
                  R"({"/":{"abar":"b","bytes":"f"}})");
  expect_encoding(Value::Map{{"bytes", "AQ"}}, R"({"bytes":"AQ"})");
  expect_encoding(Value::Map{{"!", 1}, {"/", "foo"}}, R"({"!":1,"/":"foo"})");
  expect_encoding(Value::Map{{"/", Bytes{1}}}, R"({"/":{"/":{"bytes":"AQ"}}})");
  expect_encoding(Value::Map{{"/", *Cid::parse(kCidV1)}},
                  std::string(R"({"/":{"/":")") + kCidV1 + "\"}}");
}

TEST(DagJson, CannotWriteAMapThatWouldReadBackAsSomethingElse) {
  for (const Value& value :
       {Value(Value::Map{{"/", "foo"}}), Value(Value::Map{{"/", "foo"}, {"0", 1}}),
        Value(Value::Map{{"/", Value::Map{{"bytes", "AQ"}}}}),
        Value(Value::Map{{"/", Value::Map{{"bytes", "AQ"}, {"c", 1}}}})}) {
    EXPECT_THAT(encode_text(value), HasSubstr("reserved"));
  }
}

TEST(DagJson, CannotWriteNanOrTextThatIsNotUtf8) {
  EXPECT_THAT(encode_text(std::nan("")), HasSubstr("NaN"));
  EXPECT_THAT(encode_text("\xff"), HasSubstr("UTF-8"));
  EXPECT_THAT(encode_text(Value::Integer{UINT64_MAX} + 1), HasSubstr("2^64"));
}

TEST(DagJson, NestsToItsLimitAndNoFurther) {
  const auto nested = [](size_t depth, std::string_view core) {
    return std::string(depth, '[') + std::string(core) + std::string(depth, ']');
  };
  const std::string deepest = nested(kDepthMax, R"({"/":{"bytes":"AQ"}})");
  const auto decoded = decode_text(deepest);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(encode_text(*decoded), deepest);
  EXPECT_EQ(*decode_text(*encode(*dag_cbor::decode(*dag_cbor::encode(*decoded)))), *decoded);
  for (const char* core : {"[]", "{}", R"([{"/":{"bytes":"AQ"}}])"}) {
    expect_refused(nested(kDepthMax, core), "nested deeper", ErrorCode::kLimitExceeded);
  }
  expect_refused(std::string(100'000, '['), "nested deeper", ErrorCode::kLimitExceeded);
}

TEST(Json, HasNoReservedMaps) {
  const std::string_view text = R"({"/":"foo","bar":1})";
  const auto value = json::decode(as_bytes(text));
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*json::encode(*value), text);
  EXPECT_FALSE(json::encode(Bytes{1}).ok());
  EXPECT_FALSE(json::encode(*Cid::parse(kCidV1)).ok());
}

}  // namespace
}  // namespace timerose::dag_json
