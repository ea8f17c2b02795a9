#include "scheduler/execute/message.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/hex.h"
#include "compute/invocation.h"
#include "ipld/dag_cbor.h"
#include "ipld/dag_json.h"

namespace timerose::scheduler::execute {
namespace {

std::filesystem::path golden_path(const std::string& name) {
  return std::filesystem::path(TIMEROSE_SOURCE_DIR) / "src/scheduler/execute/testdata" / name;
}

Bytes golden_file(const std::string& name) {
  auto bytes = read_file(golden_path(name), kFrameBytesMax);
  EXPECT_TRUE(bytes.ok()) << name << " (TIMEROSE_UPDATE_GOLDEN=1 writes it)";
  return bytes.ok() ? *bytes : Bytes();
}

// The frame has the bytes of NAME.bin, which decode to the same messages; NAME.json is the same.
void expect_golden(const std::string& name, const std::vector<Message>& messages) {
  const Bytes frame = encode_frame(messages);
  const auto value = dag_cbor::decode(frame);
  ASSERT_TRUE(value.ok()) << value.error().message;
  const std::string json = *dag_json::encode(*value) + "\n";
  if (std::getenv("TIMEROSE_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file_atomically(golden_path(name + ".bin"), frame, 0644).ok());
    ASSERT_TRUE(write_file_atomically(golden_path(name + ".json"), as_bytes(json), 0644).ok());
  }
  EXPECT_EQ(hex_encode(frame), hex_encode(golden_file(name + ".bin")));
  EXPECT_EQ(json, as_text(golden_file(name + ".json")));
  const auto decoded = decode_frame(frame);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(*decoded, messages);
}

CarriedBlock block_of(std::string_view text) {
  return {Cid::of_sha256(Codec::kRaw, as_bytes(text)), to_bytes(as_bytes(text))};
}

Bytes invocation() {
  compute::Invocation call(Cid::of_sha256(Codec::kRaw, as_bytes("module")));
  call.entry = "_start";
  return call.encode().value();
}

Offer least_offer() {
  Offer offer;
  offer.call = 7;
  offer.invocation = invocation();
  offer.fuel = 1000;
  offer.lease_ms = 5000;
  return offer;
}

Offer full_offer() {
  Offer offer = least_offer();
  offer.deadline_ms = 30'000;
  offer.priority = 2;
  offer.fresh = offer.logs = offer.receipt = true;
  offer.commit = true;
  offer.authority = {{1, 2, 3}, {4}};
  offer.blocks = {block_of("module"), block_of("input")};
  return offer;
}

std::string refusal(ByteView frame) {
  const auto decoded = decode_frame(frame);
  return decoded.ok() ? "accepted" : decoded.error().message;
}

// The frame of one message, given as a value.
std::string refusal(const char* name, const Value& fields) {
  return refusal(*dag_cbor::encode(Value(Value::List{Value(Value::Map{{name, fields}})})));
}

Value::Map fields_of(const Message& message) {
  const auto value = dag_cbor::decode(encode_frame({message}));
  return *value->as_list()->front().as_map()->begin()->second.as_map();
}

TEST(ExecuteMessage, HasOneEncoding) {
  expect_golden("offer_least", {least_offer()});
  expect_golden("offer_full", {full_offer()});
  expect_golden("cancel", {Cancel{7}});
  expect_golden("acknowledge", {Acknowledge{{7, UINT64_MAX}}});
  expect_golden("accept", {Accept{7, 5000, 3}});
  expect_golden("busy", {Busy{7, 200, 8192, "8192 calls of yours are here already"}});
  expect_golden("refuse", {Refuse{7, RefuseReason::kStranger, "not for this key"}});
  expect_golden("log", {Log{7, Written::kStderr, 4096, {'h', 'i'}}});
  Finish finish{7, true, invocation(), {1, 2}, {block_of("output")}};
  expect_golden("result", {finish});
  expect_golden("result_least", {Finish{7, false, {1}, {}, {}}});
  expect_golden("failure", {Failure{7, FailureKind::kMissingBlock, "nobody has it"}});
  expect_golden("heartbeat", {Heartbeat{}});
  expect_golden("commit", {Commit{7, sha256(as_bytes("receipt"))}});
  expect_golden("reveal", {Reveal{{7, UINT64_MAX}}});
  expect_golden("probe", {Probe{7, invocation(), {}}});
  expect_golden("probe_full", {Probe{7, invocation(), {{1, 2, 3}}}});
  expect_golden("estimate_least", {Estimate{7, 0, {}, 0, false, false}});
  expect_golden("estimate", {Estimate{7, 4096, {block_of("input").cid}, 200, true, true}});
  const Cid name = Cid::of_sha256(Codec::kDagCbor, invocation());
  expect_golden("known", {Known{7, name, {}}});
  expect_golden("known_full", {Known{7, name, {{1, 2, 3}}}});
  expect_golden("unknown", {Unknown{7}});
  expect_golden("several", {Accept{7, 5000, 0}, Accept{8, 5000, 1}, Heartbeat{}});
}

TEST(ExecuteMessage, WritesAndReadsEveryReasonAndKind) {
  for (int i = 0; i <= static_cast<int>(RefuseReason::kDenied); ++i) {
    const Message message = Refuse{1, static_cast<RefuseReason>(i), ""};
    EXPECT_EQ(decode_frame(encode_frame({message})).value().front(), message);
  }
  for (int i = 0; i <= static_cast<int>(FailureKind::kInternal); ++i) {
    const Message message = Failure{1, static_cast<FailureKind>(i), ""};
    EXPECT_EQ(decode_frame(encode_frame({message})).value().front(), message);
  }
}

TEST(ExecuteMessage, RefusesAMessageWithAFieldTooManyOrTooFew) {
  for (const Message& message :
       {Message(least_offer()), Message(Accept{7, 5000, 3}),
        Message(Log{7, Written::kStdout, 0, {1}}), Message(Refuse{7, RefuseReason::kLimit, "x"}),
        Message(Busy{7, 1, 2, "x"}), Message(Commit{7, {}}), Message(Reveal{{7}}),
        Message(Probe{7, invocation(), {}}), Message(Estimate{}), Message(Unknown{7})}) {
    const auto value = dag_cbor::decode(encode_frame({message}));
    const auto& [name, fields] = *value->as_list()->front().as_map()->begin();
    Value::Map more = *fields.as_map();
    more.emplace("surplus", 1);
    EXPECT_NE(refusal(name.c_str(), more).find("\"surplus\""), std::string::npos);
    for (const auto& [field, unused] : *fields.as_map()) {
      Value::Map fewer = *fields.as_map();
      fewer.erase(field);
      EXPECT_NE(refusal(name.c_str(), fewer).find("\"" + field + "\""), std::string::npos) << name;
    }
  }
}

TEST(ExecuteMessage, RefusesEveryPrefixOfAFrame) {
  const Bytes frame = encode_frame({full_offer(), Heartbeat{}});
  for (size_t length = 0; length < frame.size(); ++length) {
    EXPECT_FALSE(decode_frame(ByteView(frame).first(length)).ok()) << length;
  }
}

TEST(ExecuteMessage, RefusesWhatMustBeLeftOut) {
  Value::Map offer = fields_of(least_offer());
  offer.insert_or_assign("logs", false);
  EXPECT_NE(refusal("offer", offer), "accepted");
  offer = fields_of(least_offer());
  offer.insert_or_assign("deadline", 0);
  EXPECT_NE(refusal("offer", offer), "accepted");
  offer = fields_of(least_offer());
  offer.insert_or_assign("blocks", Value::List{});
  EXPECT_NE(refusal("offer", offer), "accepted");
}

TEST(ExecuteMessage, RefusesAnUnknownMessageAndAFrameWithout) {
  EXPECT_NE(refusal("surprise", Value::Map{}).find("surprise"), std::string::npos);
  EXPECT_NE(refusal(*dag_cbor::encode(Value(Value::List{}))), "accepted");
  EXPECT_NE(refusal(*dag_cbor::encode(Value(7))), "accepted");
  EXPECT_NE(refusal(*dag_cbor::encode(Value(Value::List{Value(Value::Map{})}))), "accepted");
}

TEST(ExecuteMessage, HoldsItsLimitsAtTheirEdges) {
  const auto offer_with = [](auto change) {
    Offer offer = least_offer();
    change(offer);
    return refusal(encode_frame({offer}));
  };
  EXPECT_EQ(offer_with([](Offer& o) { o.invocation.resize(kInvocationBytesMax); }), "accepted");
  EXPECT_NE(offer_with([](Offer& o) { o.invocation.resize(kInvocationBytesMax + 1); }), "accepted");
  EXPECT_EQ(offer_with([](Offer& o) { o.blocks.assign(kBlocksMax, block_of("x")); }), "accepted");
  EXPECT_NE(offer_with([](Offer& o) { o.blocks.assign(kBlocksMax + 1, block_of("x")); }),
            "accepted");
  CarriedBlock large = block_of("x");
  large.bytes.resize(kBlocksBytesMax);
  EXPECT_EQ(offer_with([&](Offer& o) { o.blocks = {large}; }), "accepted");
  EXPECT_NE(offer_with([&](Offer& o) { o.blocks = {large, block_of("y")}; }), "accepted");
  EXPECT_EQ(offer_with([](Offer& o) { o.lease_ms = kMillisecondsMax; }), "accepted");
  EXPECT_NE(offer_with([](Offer& o) { o.lease_ms = kMillisecondsMax + 1; }), "accepted");
  EXPECT_NE(offer_with([](Offer& o) { o.priority = kPriorityMax + 1; }), "accepted");

  EXPECT_EQ(refusal(encode_frame({Log{1, Written::kStdout, 0, Bytes(kLogPieceBytesMax)}})),
            "accepted");
  EXPECT_NE(refusal(encode_frame({Log{1, Written::kStdout, 0, Bytes(kLogPieceBytesMax + 1)}})),
            "accepted");
  EXPECT_EQ(refusal(encode_frame(std::vector<Message>(kMessagesOfFrameMax, Heartbeat{}))),
            "accepted");
  EXPECT_NE(refusal(encode_frame(std::vector<Message>(kMessagesOfFrameMax + 1, Heartbeat{}))),
            "accepted");
  const auto offer_by = [&](size_t tokens, size_t bytes) {
    return offer_with([&](Offer& o) { o.authority.assign(tokens, Bytes(bytes)); });
  };
  EXPECT_EQ(offer_by(kTokensMax, kTokensBytesMax / kTokensMax), "accepted");
  EXPECT_NE(offer_by(kTokensMax + 1, 1), "accepted");
  EXPECT_NE(offer_by(kTokensMax, kTokensBytesMax / kTokensMax + 1), "accepted");
  const auto lacking = [&](size_t count) {
    return refusal(encode_frame(
        {Estimate{1, 0, std::vector<Cid>(count, block_of("x").cid), 0, false, false}}));
  };
  EXPECT_EQ(lacking(kLackingNamedMax), "accepted");
  EXPECT_NE(lacking(kLackingNamedMax + 1), "accepted");
  EXPECT_EQ(refusal(encode_frame({Reveal{std::vector<CallNumber>(kCallsNamedMax)}})), "accepted");
  EXPECT_NE(refusal(encode_frame({Reveal{std::vector<CallNumber>(kCallsNamedMax + 1)}})),
            "accepted");
  EXPECT_EQ(refusal(encode_frame({Acknowledge{std::vector<CallNumber>(kCallsNamedMax)}})),
            "accepted");
  EXPECT_NE(refusal(encode_frame({Acknowledge{std::vector<CallNumber>(kCallsNamedMax + 1)}})),
            "accepted");
}

TEST(ExecuteMessage, RefusesADigestOfAnotherLength) {
  for (const size_t length : {0, 31, 33}) {
    EXPECT_NE(refusal("commit", Value::Map{{"call", 7}, {"digest", Bytes(length)}}), "accepted");
  }
}

TEST(ExecuteMessage, CutsALongTextBetweenTwoCharacters) {
  std::string text(kTextBytesMax - 1, 'a');
  text += "\xc3\xa9";  // two bytes
  const auto decoded = decode_frame(encode_frame({Failure{1, FailureKind::kInternal, text}}));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(std::get<Failure>(decoded->front()).message, std::string(kTextBytesMax - 1, 'a'));
}

}  // namespace
}  // namespace timerose::scheduler::execute
