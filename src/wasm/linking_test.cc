#include "wasm/linking.h"

#include <gmock/gmock.h>

#include "wasm/testing.h"

namespace timerose::wasm {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kMath = R"((module
  (func (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))))";

constexpr std::string_view kUsesMath = R"((module
  (import "math" "square" (func $square (param i32) (result i32)))
  (func (export "run") (result i32) (call $square (i32.const 7)))))";

TEST(Linking, SatisfiesImportsFromALinkedModule) {
  Guests guests;
  EXPECT_EQ(ending_text(guests.run(kUsesMath, Abi::kWasi, "run", Guests::plain_call(),
                                   {{"math", std::string(kMath)}})),
            "exit 49");
}

TEST(Linking, FollowsLinksOfLinks) {
  Guests guests;
  const std::string middle = R"((module
    (import "math" "square" (func $square (param i32) (result i32)))
    (func (export "twice") (param i32) (result i32) (call $square (call $square (local.get 0))))))";
  EXPECT_EQ(ending_text(guests.run(R"((module
                (import "a_middle" "twice" (func $twice (param i32) (result i32)))
                (func (export "run") (result i32) (call $twice (i32.const 3)))))",
                                   Abi::kWasi, "run", Guests::plain_call(),
                                   {{"a_middle", middle}, {"math", std::string(kMath)}})),
            "exit 81");
}

TEST(Linking, SharesMemoriesAndGlobals) {
  Guests guests;
  const std::string library = R"((module (memory (export "memory") 1)
    (global (export "base") i32 (i32.const 16))
    (data (i32.const 16) "\2a")))";
  EXPECT_EQ(ending_text(guests.run(R"((module
                (import "lib" "memory" (memory 1)) (import "lib" "base" (global $base i32))
                (func (export "run") (result i32) (i32.load8_u (global.get $base)))))",
                                   Abi::kWasi, "run", Guests::plain_call(), {{"lib", library}})),
            "exit 42");
}

TEST(Linking, GivesALinkedModuleTheHostWithItsOwnMemory) {
  Guests guests;
  // The library writes from its own memory, not from that of the module that calls it.
  const std::string library = R"((module
    (import "timerose" "output_write" (func $write (param i32 i32)))
    (memory (export "memory") 1) (data (i32.const 0) "library")
    (func (export "say") (call $write (i32.const 0) (i32.const 7)))))";
  const CallResult result =
      guests.run(R"((module
      (import "timerose" "output_write" (func $write (param i32 i32)))
      (import "lib" "say" (func $say))
      (memory (export "memory") 1) (data (i32.const 0) "main+")
      (func (export "timerose_main") (call $write (i32.const 0) (i32.const 5)) (call $say))))",
                 Abi::kTimerose, "timerose_main", Guests::plain_call(), {{"lib", library}});
  EXPECT_EQ(ending_text(result), "exit 0") << message_text(result);
  EXPECT_EQ(guests.text_of(result), "main+library");
}

TEST(Linking, MakesLinkedModulesAfreshForEachCall) {
  Guests guests;
  auto prepared = guests.prepare(R"((module (import "n" "next" (func $next (result i32)))
      (func (export "run") (result i32) (drop (call $next)) (call $next))))",
                                 Abi::kWasi, "run", {{"n", R"((module
      (global $g (mut i32) (i32.const 0))
      (func (export "_initialize") (global.set $g (i32.const 10)))
      (func (export "next") (result i32)
        (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g))))"}});
  ASSERT_TRUE(prepared.ok()) << prepared.error().message;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ending_text(guests.run(**prepared, Guests::plain_call())), "exit 12");
  }
}

TEST(Linking, RefusesACircle) {
  Guests guests;
  const auto prepared = guests.prepare(
      R"((module (import "a" "f" (func)) (func (export "_start"))))", Abi::kWasi, "_start",
      {{"a", R"((module (import "b" "f" (func)) (func (export "f"))))"},
       {"b", R"((module (import "a" "f" (func)) (func (export "f"))))"}});
  ASSERT_FALSE(prepared.ok());
  EXPECT_EQ(prepared.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(prepared.error().message, HasSubstr("a -> b -> a"));
}

TEST(Linking, SaysWhatALinkedModuleLacks) {
  Guests guests;
  const auto prepared = guests.prepare(
      R"((module (import "math" "cube" (func)) (import "math" "square" (func (param i64)))
          (func (export "_start"))))",
      Abi::kWasi, "_start", {{"math", std::string(kMath)}});
  ASSERT_FALSE(prepared.ok());
  EXPECT_EQ(prepared.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(prepared.error().message, HasSubstr("math.cube"));
  EXPECT_THAT(prepared.error().message, HasSubstr("exports it as function (i32) -> i32"));
}

TEST(Linking, KeepsTheNamesOfTheHost) {
  Guests guests;
  const auto prepared = guests.prepare(R"((module (func (export "_start"))))", Abi::kWasi, "_start",
                                       {{"timerose", std::string(kMath)}});
  ASSERT_FALSE(prepared.ok());
  EXPECT_EQ(prepared.error().code, ErrorCode::kInvalidArgument);
}

TEST(Linking, TrapsOnALinkedMemoryThatIsTooSmall) {
  Guests guests;
  const CallResult result = guests.run(
      R"((module (import "lib" "memory" (memory 5)) (func (export "_start"))))", Abi::kWasi,
      "_start", Guests::plain_call(), {{"lib", R"((module (memory (export "memory") 1)))"}});
  EXPECT_EQ(ending_text(result), "trap host") << message_text(result);
}

}  // namespace
}  // namespace timerose::wasm
