#include "compute/function.h"

#include <gtest/gtest.h>

#include "blockstore/memory_blockstore.h"
#include "compute/testing/golden.h"
#include "unixfs/importer.h"
#include "unixfs/layout.h"

namespace timerose::compute {
namespace {

constexpr std::string_view kEmptyModule("\0asm\1\0\0\0", 8);

Cid file_named(std::string_view content) { return Cid::of_sha256(Codec::kRaw, as_bytes(content)); }

Function full_function() {
  Function function(file_named("module"));
  function.abi = wasm::Abi::kWasi;
  function.entry = "_start";
  function.args = {"--fixed"};
  function.env = {{"A", "fixed"}, {"B", "fixed"}};
  function.mounts = {{"/data", file_named("fixed data")}, {"/lib", file_named("lib")}};
  function.links = {{"zlib", file_named("zlib")}};
  function.fuel = 1000;
  function.memory_bytes_max = 1U << 20;
  return function;
}

Cid add(Blockstore& store, std::string_view content, const unixfs::Layout& layout) {
  return unixfs::import_bytes(as_bytes(content), layout, unixfs::sink_into(store))->cid;
}

TEST(Function, HasOneEncoding) {
  testing::expect_golden("function_least", Function(file_named("module")));
  testing::expect_golden("function_full", full_function());
}

TEST(Function, DecodesStrictly) {
  testing::expect_strict(Function(file_named("module")), {"module"});
  testing::expect_strict(full_function(), {"module"});
}

TEST(Function, RefusesWhatEveryCallOfItWouldRefuse) {
  Function function = full_function();
  function.env = {{"", "x"}};
  EXPECT_FALSE(function.encode().ok());
  function = full_function();
  function.mounts = {{"relative", file_named("x")}};
  EXPECT_FALSE(function.encode().ok());
}

TEST(Function, ItsCanonicalFormHasNormalPaths) {
  Function function = full_function();
  function.mounts = {{"/data/", file_named("fixed data")}, {"//lib", file_named("lib")}};
  EXPECT_EQ(*function.canonical(), full_function());
}

TEST(FanFunction, IsWrittenAsTheProofOfConceptWritesIt) {
  FanFunction function(file_named("module"));
  function.fxs = {"fx", "other"};
  function.args = {{"string", std::nullopt}};
  const std::string expected =
      R"({"Fxs":["fx","other"],"Bytecode":{"/":"bafkreiasbfynqeudn4myrbrflb5embvfvur454y4q2comalxcvjfjd6gxe"},)"
      R"("Args":[{"Name":"string","Codec":null}]})";
  EXPECT_EQ(*function.format(), expected);
  EXPECT_EQ(*FanFunction::parse(as_bytes(expected)), function);
}

TEST(FanFunction, KeepsItsCid) {
  FanFunction function(*Cid::parse("bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"));
  function.fxs = {"fx"};
  function.args = {{"string", std::nullopt}};
  MemoryBlockstore store;
  const Cid cid = *store_function(function, unixfs::sink_into(store));
  EXPECT_EQ(cid.to_string(), "bafybeiffr23gny5w2tifbuaoyyiu3axgkdpg7labl2ykkhfiifefgfk4oi");
  const LoadedFunction loaded = *load_function(store, cid);
  EXPECT_EQ(loaded.kind, LoadedFunction::Kind::kFan);
  EXPECT_EQ(loaded.function.module, function.bytecode);
  EXPECT_EQ(loaded.function.abi, wasm::Abi::kFan);
  EXPECT_EQ(loaded.fxs, function.fxs);
}

TEST(FanFunction, EscapesNamesAsGoDoes) {
  FanFunction function(file_named("module"));
  function.fxs = {"a\"\\\n\t\r\x01<>&\xe2\x80\xa8\xc3\xa9"};
  const std::string text = *function.format();
  EXPECT_NE(text.find(R"(["a\"\\\n\t\r\u0001\u003c\u003e\u0026\u2028)"
                      "\xc3\xa9\"]"),
            std::string::npos)
      << text;
  EXPECT_EQ(*FanFunction::parse(as_bytes(text)), function);
}

TEST(FanFunction, TakesOtherOrdersAndWhiteSpace) {
  const auto parsed = FanFunction::parse(as_bytes(
      R"({ "Args": null, "Fxs": ["fx"], "Bytecode": {"/": "bafkreiasbfynqeudn4myrbrflb5embvfvur454y4q2comalxcvjfjd6gxe"} })"));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->fxs, std::vector<std::string>{"fx"});
}

TEST(FanFunction, RefusesOtherJson) {
  for (
      const char* text : {
          "",
          "{",
          "[]",
          "{}",
          R"({"Fxs":["fx"],"Args":[]})",
          R"({"Fxs":[],"Bytecode":{"/":"bafkreiasbfynqeudn4myrbrflb5embvfvur454y4q2comalxcvjfjd6gxe"},"Args":[]})",
          R"({"Fxs":[1],"Bytecode":{"/":"bafkreiasbfynqeudn4myrbrflb5embvfvur454y4q2comalxcvjfjd6gxe"},"Args":[]})",
          R"({"Fxs":["fx"],"Bytecode":"bafkreiasbfynqeudn4myrbrflb5embvfvur454y4q2comalxcvjfjd6gxe","Args":[]})",
          R"({"Fxs":["fx"],"Bytecode":{"/":"bafkreiasbfynqeudn4myrbrflb5embvfvur454y4q2comalxcvjfjd6gxe"},"Args":[],"X":1})",
          R"({"Fxs":["fx"],"Bytecode":{"/":"bafkreiasbfynqeudn4myrbrflb5embvfvur454y4q2comalxcvjfjd6gxe"},"Args":[{"Name":"x"}]})",
      }) {
    const auto parsed = FanFunction::parse(as_bytes(text));
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kMalformed) << text;
  }
}

TEST(LoadFunction, TakesABareModuleAsARawBlockOrAFileOfAnyProfile) {
  MemoryBlockstore store;
  for (const auto& layout :
       {unixfs::unixfs_v1_2025(), unixfs::unixfs_v0_2015(), unixfs::fan_2021()}) {
    const Cid cid = add(store, kEmptyModule, layout);
    const auto loaded = load_function(store, cid);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    EXPECT_EQ(loaded->kind, LoadedFunction::Kind::kModule);
    EXPECT_EQ(loaded->function, Function(cid.as_v1()));
    EXPECT_EQ(*read_module(store, loaded->function.module), to_bytes(as_bytes(kEmptyModule)));
  }
}

TEST(LoadFunction, TakesAFunctionObject) {
  MemoryBlockstore store;
  const Cid cid = *store_function(full_function(), store);
  const auto loaded = load_function(store, cid);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->kind, LoadedFunction::Kind::kFunction);
  EXPECT_EQ(loaded->function, full_function());
}

TEST(LoadFunction, SaysWhatWasFoundInstead) {
  MemoryBlockstore store;
  const auto message = [&](std::string_view content) {
    const auto loaded = load_function(store, add(store, content, unixfs::unixfs_v1_2025()));
    return loaded.ok() ? std::string("accepted") : loaded.error().message;
  };
  EXPECT_NE(message("").find("an empty file"), std::string::npos);
  EXPECT_NE(message("\x7f"
                    "ELF\2\1\1")
                .find("ELF"),
            std::string::npos);
  EXPECT_NE(message("#!/bin/sh\n").find("a script"), std::string::npos);
  EXPECT_NE(message("(module)").find("wat2wasm"), std::string::npos);
  EXPECT_NE(message("hello\n").find("found text"), std::string::npos);
  EXPECT_NE(message(std::string_view("\1\2\0", 3)).find("other binary data"), std::string::npos);
  EXPECT_NE(message("{\"a\":1}").find("fan Function"), std::string::npos);
}

TEST(LoadFunction, AMissingBlockIsNotFound) {
  MemoryBlockstore store;
  EXPECT_EQ(load_function(store, file_named("x")).error().code, ErrorCode::kNotFound);
}

TEST(MakeInvocation, PutsTheFunctionsPartBeforeTheCallsAndLetsTheCallWin) {
  const LoadedFunction loaded{LoadedFunction::Kind::kFunction, full_function(), {}};
  CallOptions options;
  options.args = {"mine"};
  options.env = {{"A", "mine"}, {"C", "mine"}};
  options.inputs = {file_named("input")};
  options.mounts = {{"/data", file_named("my data")}};
  options.seed = {1};
  const auto call = make_invocation(loaded, wasm::Abi::kWasi, options);
  ASSERT_TRUE(call.ok()) << call.error().message;
  Invocation expected(file_named("module"));
  expected.entry = "_start";
  expected.args = {"--fixed", "mine"};
  expected.env = {{"A", "mine"}, {"B", "fixed"}, {"C", "mine"}};
  expected.inputs = options.inputs;
  expected.mounts = {{"/data", file_named("my data")}, {"/lib", file_named("lib")}};
  expected.links = {{"zlib", file_named("zlib")}};
  expected.seed = {1};
  expected.memory_bytes_max = 1U << 20;
  EXPECT_EQ(*call, expected);
}

TEST(MakeInvocation, AMountWrittenOtherwiseStillWins) {
  const LoadedFunction loaded{LoadedFunction::Kind::kFunction, full_function(), {}};
  CallOptions options;
  options.mounts = {{"/data/", file_named("my data")}};
  const auto call = make_invocation(loaded, wasm::Abi::kWasi, options);
  ASSERT_TRUE(call.ok()) << call.error().message;
  EXPECT_EQ(call->mounts.at("/data"), file_named("my data"));
}

TEST(MakeInvocation, TheSameCallOfABareModuleAndOfItsFunctionHaveOneName) {
  Function function(file_named("module"));
  function.args = {"a"};
  CallOptions rest;
  rest.args = {"b"};
  CallOptions all;
  all.args = {"a", "b"};
  EXPECT_EQ(
      *make_invocation({LoadedFunction::Kind::kFunction, function, {}}, wasm::Abi::kWasi, rest),
      *make_invocation({LoadedFunction::Kind::kModule, Function(file_named("module")), {}},
                       wasm::Abi::kWasi, all));
}

TEST(MakeInvocation, ChoosesOneOfSeveralFxs) {
  LoadedFunction loaded{LoadedFunction::Kind::kFan, Function(file_named("module")), {"one", "two"}};
  const auto undecided = make_invocation(loaded, wasm::Abi::kFan, {});
  ASSERT_FALSE(undecided.ok());
  EXPECT_NE(undecided.error().message.find("one, two"), std::string::npos);
  CallOptions options;
  options.fx = "two";
  EXPECT_EQ(make_invocation(loaded, wasm::Abi::kFan, options)->entry, "two");
  options.fx = "three";
  EXPECT_FALSE(make_invocation(loaded, wasm::Abi::kFan, options).ok());
  loaded.fxs = {"one"};
  EXPECT_EQ(make_invocation(loaded, wasm::Abi::kFan, {})->entry, "one");
}

}  // namespace
}  // namespace timerose::compute
