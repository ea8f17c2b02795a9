#include "wasm/abi/fan.h"

#include <gmock/gmock.h>

#include "wasm/testing.h"

namespace timerose::wasm {
namespace {

using ::testing::HasSubstr;

// A bump allocator, and functions over the bytes that it was given.
constexpr std::string_view kFan = R"((module
  (memory (export "memory") 2)
  (global $asked (mut i32) (i32.const 0))
  (func (export "alloc") (param $n i32) (result i32)
    (global.set $asked (local.get $n)) (i32.const 1024))
  ;; every byte plus one, in place
  (func (export "increment") (param $p i32) (param $n i32) (result i32) (local $i i32)
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $i) (local.get $n)))
      (i32.store8 (i32.add (local.get $p) (local.get $i))
        (i32.add (i32.const 1) (i32.load8_u (i32.add (local.get $p) (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (local.get $n))
  ;; both lengths and what alloc was asked for, after the inputs
  (func (export "lengths") (param $p i32) (param $a i32) (param $b i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $p) (i32.add (local.get $a) (local.get $b))))
    (i32.store8 (local.get $end) (i32.add (i32.const 48) (local.get $a)))
    (i32.store8 offset=1 (local.get $end) (i32.add (i32.const 48) (local.get $b)))
    (i32.store8 offset=2 (local.get $end)
      (i32.sub (global.get $asked) (i32.add (local.get $a) (local.get $b))))
    (i32.add (i32.add (local.get $a) (local.get $b)) (i32.const 3)))
  (func (export "negative") (param i32 i32) (result i32) (i32.const -1))
  (func (export "too long") (param i32 i32) (result i32) (i32.const 131072))
  (func (export "nothing") (param i32 i32) (result i32) (i32.const 0))
  (func (export "no fx") (param i32) (result i32) (i32.const 0))))";

Call call_with(Guests& guests, std::initializer_list<std::string_view> inputs) {
  Call call = Guests::plain_call();
  for (const std::string_view input : inputs) call.world.inputs.push_back(guests.add(input));
  return call;
}

TEST(FanAbi, GivesTheInputsBytesAndTakesTheOutputFromTheSamePlace) {
  Guests guests;
  const CallResult result =
      guests.run(kFan, Abi::kFan, "increment", call_with(guests, {"HAL is IBM"}));
  EXPECT_EQ(ending_text(result), "exit 0") << message_text(result);
  EXPECT_EQ(guests.text_of(result), "IBM!jt!JCN");
}

TEST(FanAbi, PutsInputsOneAfterAnotherAndAsksForAHundredMore) {
  Guests guests;
  const CallResult result =
      guests.run(kFan, Abi::kFan, "lengths", call_with(guests, {"ab", "cde"}));
  EXPECT_EQ(guests.text_of(result), "abcde23d");  // 'd' is 100
}

TEST(FanAbi, WritesTheOutputInTheLayoutOf2021) {
  Guests guests;
  const CallResult result = guests.run(kFan, Abi::kFan, "increment", call_with(guests, {"GDKKN"}));
  ASSERT_TRUE(result.output.has_value());
  const auto expected =
      unixfs::import_bytes(as_bytes("HELLO"), unixfs::fan_2021(), unixfs::discard());
  EXPECT_EQ(result.output->cid, expected.value().cid);
  EXPECT_EQ(result.output->cid.codec(), Codec::kDagPb);
}

TEST(FanAbi, TakesInputsAndOutputsOfNoBytes) {
  Guests guests;
  EXPECT_EQ(guests.text_of(guests.run(kFan, Abi::kFan, "increment", call_with(guests, {""}))), "");
  EXPECT_EQ(guests.text_of(guests.run(kFan, Abi::kFan, "nothing", call_with(guests, {"x"}))), "");
}

TEST(FanAbi, TrapsOnLengthsOutsideMemory) {
  Guests guests;
  const CallResult negative = guests.run(kFan, Abi::kFan, "negative", call_with(guests, {"x"}));
  EXPECT_EQ(ending_text(negative), "trap host");
  EXPECT_THAT(message_text(negative), HasSubstr("negative returned -1"));
  const CallResult too_long = guests.run(kFan, Abi::kFan, "too long", call_with(guests, {"x"}));
  EXPECT_EQ(ending_text(too_long), "trap host");
  EXPECT_THAT(message_text(too_long), HasSubstr("131072"));
}

TEST(FanAbi, TrapsOnAnAllocOutsideMemory) {
  Guests guests;
  for (const char* pointer : {"65437", "65536", "-1", "0x80000000"}) {
    const std::string text = std::string(R"((module (memory (export "memory") 1)
        (func (export "alloc") (param i32) (result i32) (i32.const )") +
                             pointer + R"())
        (func (export "fx") (param i32 i32) (result i32) (i32.const 0))))";
    const CallResult result = guests.run(text, Abi::kFan, "fx", call_with(guests, {""}));
    EXPECT_EQ(ending_text(result), "trap host") << pointer;
    EXPECT_THAT(message_text(result), HasSubstr("alloc(100)"));
  }
}

TEST(FanAbi, TrapsOnAnotherNumberOfInputs) {
  Guests guests;
  const CallResult result = guests.run(kFan, Abi::kFan, "lengths", call_with(guests, {"one"}));
  EXPECT_EQ(ending_text(result), "trap host");
  EXPECT_THAT(message_text(result), HasSubstr("takes 2 inputs, but the call has 1"));
}

TEST(FanAbi, StopsForAMissingInput) {
  Guests guests;
  Call call = Guests::plain_call();
  const Cid missing = Cid::of_sha256(Codec::kRaw, as_bytes("nobody has this"));
  call.world.inputs = {missing};
  const CallResult result = guests.run(kFan, Abi::kFan, "increment", call);
  EXPECT_EQ(ending_text(result), "stopped missing_block");
  EXPECT_THAT(message_text(result), HasSubstr(missing.to_string()));
}

TEST(FanAbi, StopsAnOutputOverItsLimit) {
  Guests guests;
  Call call = call_with(guests, {"0123456789"});
  call.output_bytes_max = 9;
  EXPECT_EQ(ending_text(guests.run(kFan, Abi::kFan, "increment", call)), "stopped limit");
}

TEST(FanAbi, IsRefusedForAFunctionOfAnotherType) {
  Guests guests;
  for (const char* entry : {"no fx", "absent", "memory", ""}) {
    EXPECT_FALSE(guests.prepare(kFan, Abi::kFan, entry).ok()) << entry;
  }
  EXPECT_FALSE(guests
                   .prepare(R"((module (memory (export "memory") 1)
      (func (export "alloc") (param i64) (result i32) (i32.const 0))
      (func (export "fx") (param i32 i32) (result i32) (i32.const 0))))",
                            Abi::kFan, "fx")
                   .ok());
}

TEST(FanLengths, CountsTheParametersAfterThePointer) {
  using abi::fan_lengths;
  EXPECT_EQ(fan_lengths("(i32, i32) -> i32"), 1U);
  EXPECT_EQ(fan_lengths("(i32, i32, i32, i32) -> i32"), 3U);
  for (const char* other : {"() -> i32", "(i32) -> i32", "(i32, i32) -> ()", "(i32, i64) -> i32",
                            "(i64, i32) -> i32", "(i32, i32) -> (i32, i32)", ""}) {
    EXPECT_EQ(fan_lengths(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace timerose::wasm
