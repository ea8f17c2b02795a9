#include <gtest/gtest.h>

#include "blockstore/memory_blockstore.h"
#include "compute/invocation.h"
#include "compute/outcome.h"
#include "compute/receipt.h"
#include "compute/testing/golden.h"

namespace timerose::compute {
namespace {

Cid named_file(std::string_view content) { return Cid::of_sha256(Codec::kRaw, as_bytes(content)); }

Invocation least_invocation() {
  Invocation call(named_file("module"));
  call.entry = "_start";
  return call;
}

Invocation full_invocation() {
  Invocation call(named_file("module"));
  call.abi = wasm::Abi::kTimerose;
  call.entry = "run";
  call.args = {"-v", "", std::string("not utf-8: \xff")};
  call.env = {{"HOME", "/"}, {"A", ""}};
  call.inputs = {named_file("first"), named_file("second")};
  call.mounts = {{"/", named_file("root")}, {"/data/x", named_file("data")}};
  call.links = {{"zlib", named_file("zlib")}};
  call.stdin_file = named_file("second");
  call.seed = {0, 1, 2};
  call.memory_bytes_max = 1U << 20;
  return call;
}

Outcome exited(uint32_t code) {
  Outcome outcome;
  outcome.ending = code;
  outcome.output = named_file("output");
  return outcome;
}

PrivateKey test_key() {
  std::array<uint8_t, 32> seed{};
  seed.fill(7);
  return PrivateKey::from_seed(seed);
}

Receipt signed_receipt() {
  Receipt receipt(Cid::of_sha256(Codec::kDagCbor, as_bytes("invocation")),
                  Cid::of_sha256(Codec::kDagCbor, as_bytes("outcome")));
  receipt.metering.engine =
      std::make_shared<const EngineName>(EngineName{"wasmtime 48.0.8", "fuel=1 nan=1"});
  receipt.metering.fuel_used = 123456;
  receipt.metering.memory_bytes_peak = 65536;
  receipt.circumstances.started_unix_ns = 1'800'000'000'000'000'000;
  receipt.circumstances.duration_ns = 2000;
  receipt.circumstances.blocks_read = 3;
  receipt.circumstances.bytes_read = 4096;
  EXPECT_TRUE(receipt.sign(test_key()).ok());
  return receipt;
}

std::string refusal(const Invocation& call) {
  const auto canonical = call.canonical();
  return canonical.ok() ? "accepted" : canonical.error().message;
}

TEST(Invocation, HasOneEncoding) {
  testing::expect_golden("invocation_least", least_invocation());
  testing::expect_golden("invocation_full", full_invocation());
}

TEST(Invocation, DecodesStrictly) {
  testing::expect_strict(least_invocation(), {"v", "abi", "entry", "memory", "module"});
  testing::expect_strict(full_invocation(), {"v", "abi", "entry", "memory", "module"});
}

TEST(Invocation, RefusesPairsThatAreNotSorted) {
  Invocation call = least_invocation();
  call.env = {{"A", "1"}, {"B", "2"}};
  Value value = *dag_cbor::decode(*call.encode());
  auto& pairs = *const_cast<Value::List*>(value.find("env")->as_list());
  std::swap(pairs[0], pairs[1]);
  const auto decoded = Invocation::decode(*dag_cbor::encode(value));
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
  EXPECT_NE(decoded.error().message.find("ascending"), std::string::npos);
}

TEST(Invocation, RefusesAnEmptyFieldThatIsWritten) {
  Value value = *dag_cbor::decode(*least_invocation().encode());
  value.as_map()->emplace("args", Value::List());
  const auto decoded = Invocation::decode(*dag_cbor::encode(value));
  ASSERT_FALSE(decoded.ok());
  EXPECT_NE(decoded.error().message.find("left out"), std::string::npos);
}

TEST(Invocation, RefusesRulesThatItDoesNotKnow) {
  Value value = *dag_cbor::decode(*least_invocation().encode());
  (*value.as_map())["v"] = 2;
  const auto decoded = Invocation::decode(*dag_cbor::encode(value));
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kUnsupported);
}

TEST(Invocation, TwoWaysToAskForOneCallAreOneCanonicalForm) {
  Invocation call = full_invocation();
  call.mounts = {{"//", named_file("root")}, {"/data/./x/", named_file("data")}};
  call.stdin_file = call.inputs.front();
  call.memory_bytes_max += 100;
  EXPECT_FALSE(call.encode().ok());
  Invocation expected = full_invocation();
  expected.stdin_file.reset();
  const auto canonical = call.canonical();
  ASSERT_TRUE(canonical.ok()) << canonical.error().message;
  EXPECT_EQ(*canonical, expected);
}

TEST(Invocation, ACidOfVersionZeroBecomesVersionOne) {
  Invocation call = least_invocation();
  const Cid v1 = Cid::of_sha256(Codec::kDagPb, as_bytes("x"));
  call.inputs = {*v1.as_v0()};
  EXPECT_FALSE(call.encode().ok());
  EXPECT_EQ(call.canonical()->inputs.front(), v1);
}

TEST(Invocation, SaysWhatCanBeNoCall) {
  Invocation call = least_invocation();
  call.entry.clear();
  EXPECT_NE(refusal(call).find("entry"), std::string::npos);
  call = least_invocation();
  call.args = {std::string("a\0b", 3)};
  EXPECT_NE(refusal(call).find("NUL"), std::string::npos);
  call = least_invocation();
  call.env = {{"A=B", ""}};
  EXPECT_NE(refusal(call).find("A=B"), std::string::npos);
  for (const char* path : {"", "data", "/a/../b"}) {
    call = least_invocation();
    call.mounts.emplace(path, named_file("x"));
    EXPECT_NE(refusal(call).find("mount path"), std::string::npos) << path;
  }
  call = least_invocation();
  call.mounts = {{"/a", named_file("x")}, {"/a/", named_file("x")}};
  EXPECT_NE(refusal(call).find("two mounts"), std::string::npos);
  call = least_invocation();
  call.seed = Bytes(Invocation::kSeedBytesMax + 1);
  EXPECT_NE(refusal(call).find("seed"), std::string::npos);
  call = least_invocation();
  call.memory_bytes_max = 65535;
  EXPECT_NE(refusal(call).find("memory"), std::string::npos);
}

TEST(Invocation, ASeedAtTheLimitIsAccepted) {
  Invocation call = least_invocation();
  call.seed = Bytes(Invocation::kSeedBytesMax, 1);
  EXPECT_EQ(*Invocation::decode(*call.encode()), call);
}

TEST(Invocation, IsLoadedFromItsBlockOnly) {
  MemoryBlockstore store;
  const Block block = Block::of_sha256(Codec::kDagCbor, SharedBytes(*full_invocation().encode()));
  ASSERT_TRUE(store.put(block).ok());
  EXPECT_EQ(*load_invocation(store, block.cid()), full_invocation());
  EXPECT_EQ(load_invocation(store, named_file("x")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(load_invocation(store, Cid::of_sha256(Codec::kDagCbor, {})).error().code,
            ErrorCode::kNotFound);
}

TEST(Outcome, HasOneEncoding) {
  testing::expect_golden("outcome_success", exited(0));
  Outcome failure = exited(UINT32_MAX);
  failure.stdout_written.file = named_file("long");
  failure.stderr_written.bytes = Bytes(kInlineBytesMax, 'e');
  testing::expect_golden("outcome_failure", failure);
  Outcome trap;
  trap.ending = wasm::TrapKind::kUnreachable;
  trap.stdout_written.bytes = to_bytes(as_bytes("before"));
  testing::expect_golden("outcome_trap", trap);
}

TEST(Outcome, DecodesStrictly) { testing::expect_strict(exited(3), {"exit"}); }

TEST(Outcome, EveryKindOfTrapComesBack) {
  for (int kind = 0; kind <= static_cast<int>(wasm::TrapKind::kOther); ++kind) {
    Outcome trap;
    trap.ending = static_cast<wasm::TrapKind>(kind);
    EXPECT_EQ(*Outcome::decode(*trap.encode()), trap);
  }
}

TEST(Outcome, RefusesWhatNoExecutionGives) {
  const auto refused = [](Value::Map map) {
    const auto decoded = Outcome::decode(*dag_cbor::encode(Value(std::move(map))));
    return !decoded.ok() && decoded.error().code == ErrorCode::kMalformed;
  };
  EXPECT_TRUE(refused({{"trap", "unreachable"}, {"output", named_file("x")}}));
  EXPECT_TRUE(refused({{"trap", "unreachable"}, {"exit", 0}}));
  EXPECT_TRUE(refused({{"trap", "no such kind"}}));
  EXPECT_TRUE(refused({{"exit", uint64_t{1} << 32}}));
  EXPECT_TRUE(refused({{"exit", -1}}));
  EXPECT_TRUE(refused({{"exit", 0}, {"stdout", Bytes()}}));
  EXPECT_TRUE(refused({{"exit", 0}, {"stdout", "text"}}));
  EXPECT_TRUE(refused({{"exit", 0}, {"stdout", Bytes(kInlineBytesMax + 1)}}));
  EXPECT_FALSE(refused({{"exit", 0}, {"stdout", Bytes(kInlineBytesMax)}}));
}

TEST(Outcome, TheAbiDecidesTheLayoutOfOutputs) {
  EXPECT_EQ(output_layout(wasm::Abi::kFan), unixfs::fan_2021());
  EXPECT_EQ(output_layout(wasm::Abi::kWasi), unixfs::unixfs_v1_2025());
  EXPECT_EQ(output_layout(wasm::Abi::kTimerose), unixfs::unixfs_v1_2025());
}

TEST(Receipt, HasOneEncoding) { testing::expect_golden("receipt", signed_receipt()); }

TEST(Receipt, DecodesStrictly) {
  testing::expect_strict(signed_receipt(), {"payload", "signature"});
}

TEST(Receipt, IsSignedOverTheBytesOfItsPayload) {
  const Receipt receipt = signed_receipt();
  EXPECT_TRUE(receipt.verify().ok());
  const Value value = *dag_cbor::decode(*receipt.encode());
  const Bytes payload = *dag_cbor::encode(*value.find("payload"));
  EXPECT_TRUE(test_key().public_key().verify(payload, *value.find("signature")->as_byte_string()));
}

TEST(Receipt, AnyChangedByteIsNoticed) {
  const Bytes good = *signed_receipt().encode();
  for (size_t at = 0; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] ^= 1;
    const auto decoded = Receipt::decode(bad);
    EXPECT_FALSE(decoded.ok() && decoded->verify().ok()) << at;
  }
}

TEST(Receipt, AnotherKeysSignatureIsRefused) {
  Receipt receipt = signed_receipt();
  std::array<uint8_t, 32> other{};
  receipt.circumstances.executor = PrivateKey::from_seed(other).public_key();
  EXPECT_EQ(receipt.verify().error().code, ErrorCode::kMismatch);
}

TEST(Receipt, NeedsAnEngine) {
  Receipt receipt(named_file("i"), named_file("o"));
  EXPECT_EQ(receipt.sign(test_key()).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace timerose::compute
