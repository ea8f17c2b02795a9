#include "wasm/call.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "wasm/testing.h"

namespace timerose::wasm {
namespace {

using ::testing::HasSubstr;

struct TrapCase {
  const char* kind;
  const char* module;
};

class TrapKinds : public ::testing::TestWithParam<TrapCase> {};

TEST_P(TrapKinds, AreToldApart) {
  Guests guests;
  const CallResult result = guests.run(GetParam().module, Abi::kWasi, "_start");
  EXPECT_EQ(ending_text(result), std::string("trap ") + GetParam().kind) << message_text(result);
  EXPECT_FALSE(result.output.has_value());
  EXPECT_FALSE(message_text(result).empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, TrapKinds,
    ::testing::Values(
        TrapCase{"unreachable", R"((module (func (export "_start") unreachable)))"},
        TrapCase{"memory_out_of_bounds",
                 R"((module (memory 1) (func (export "_start")
                     (drop (i32.load (i32.const 65533))))))"},
        TrapCase{"memory_out_of_bounds",
                 R"((module (memory 1) (data (i32.const 65536) "x") (func (export "_start"))))"},
        TrapCase{"table_out_of_bounds",
                 R"((module (table 1 funcref) (func (export "_start")
                     (drop (table.get (i32.const 1))))))"},
        TrapCase{"indirect_call_to_null",
                 R"((module (table 1 funcref) (type $t (func)) (func (export "_start")
                     (call_indirect (type $t) (i32.const 0)))))"},
        TrapCase{"bad_signature",
                 R"((module (table 1 funcref) (elem (i32.const 0) $f) (type $t (func (param i32)))
                     (func $f) (func (export "_start")
                     (call_indirect (type $t) (i32.const 1) (i32.const 0)))))"},
        TrapCase{"integer_overflow",
                 R"((module (func (export "_start")
                     (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))))"},
        TrapCase{"integer_division_by_zero",
                 R"((module (func (export "_start")
                     (drop (i32.div_u (i32.const 1) (i32.const 0))))))"},
        TrapCase{"bad_conversion_to_integer",
                 R"((module (func (export "_start")
                     (drop (i32.trunc_f64_s (f64.const nan))))))"},
        TrapCase{"null_reference",
                 R"((module (type $t (func)) (func (export "_start")
                     (call_ref $t (ref.null $t)))))"},
        TrapCase{"array_out_of_bounds",
                 R"((module (type $a (array (mut i32))) (func (export "_start")
                     (drop (array.get $a (array.new_default $a (i32.const 2)) (i32.const 2))))))"},
        TrapCase{"cast_failure",
                 R"((module (type $s (struct (field i32))) (func (export "_start")
                     (drop (ref.cast (ref $s) (ref.i31 (i32.const 1)))))))"},
        TrapCase{"uncaught_exception",
                 R"((module (tag $e (param i32)) (func (export "_start")
                     (throw $e (i32.const 7)))))"}));

TEST(Prepared, RunsACommandToItsEnd) {
  Guests guests;
  const CallResult result = guests.run_body("nop");
  EXPECT_EQ(ending_text(result), "exit 0");
  EXPECT_EQ(guests.text_of(result), "");
  EXPECT_GT(result.fuel_used, 0U);
  EXPECT_EQ(result.memory_bytes_peak, 65536U);
}

TEST(Prepared, GivesEachCallAFreshSandbox) {
  Guests guests;
  auto prepared = guests.prepare(
      R"((module (memory (export "memory") 1) (global $g (mut i32) (i32.const 0))
          (func (export "count") (result i32)
            (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
            (global.set $g (i32.add (global.get $g) (i32.const 1)))
            (i32.add (i32.load (i32.const 8)) (global.get $g)))))",
      Abi::kWasi, "count");
  ASSERT_TRUE(prepared.ok()) << prepared.error().message;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(ending_text(guests.run(**prepared, Guests::plain_call())), "exit 2");
  }
}

TEST(Prepared, StopsALoopWithoutEndByFuel) {
  Guests guests;
  Call call = Guests::plain_call();
  call.fuel = 100'000;
  const CallResult result = guests.run_body("(loop $l (br $l))", call);
  EXPECT_EQ(ending_text(result), "stopped fuel");
  EXPECT_THAT(message_text(result), HasSubstr("100000"));
  EXPECT_EQ(result.fuel_used, 100'000U);
  EXPECT_FALSE(result.output.has_value());
}

TEST(Prepared, UsesTheSameFuelEachTime) {
  constexpr std::string_view kBody =
      "(local $i i32) (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))"
      " (br_if $l (i32.lt_u (local.get $i) (i32.const 1000))))";
  Guests guests;
  Guests others;
  const uint64_t first = guests.run_body(kBody).fuel_used;
  EXPECT_GT(first, 1000U);
  EXPECT_EQ(guests.run_body(kBody).fuel_used, first);
  EXPECT_EQ(others.run_body(kBody).fuel_used, first);
}

TEST(Prepared, NeedsExactlyTheFuelItReports) {
  // Straight-line code after the last point where the engine looks at the fuel.
  constexpr std::string_view kBody =
      "(local $i i32) (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))"
      " (br_if $l (i32.lt_u (local.get $i) (i32.const 3)))) i32.const 1 drop i32.const 1 drop";
  Guests guests;
  const uint64_t needed = guests.run_body(kBody).fuel_used;
  Call call = Guests::plain_call();
  for (call.fuel = 0; call.fuel < needed; ++call.fuel) {
    EXPECT_EQ(ending_text(guests.run_body(kBody, call)), "stopped fuel") << call.fuel;
  }
  EXPECT_EQ(ending_text(guests.run_body(kBody, call)), "exit 0");
  EXPECT_EQ(guests.run_body(kBody, call).fuel_used, needed);
}

TEST(Prepared, StopsAtTheDeadline) {
  Guests guests;
  Call call = Guests::plain_call();
  call.deadline_ms = 30;
  const auto start = std::chrono::steady_clock::now();
  const CallResult result = guests.run_body("(loop $l (br $l))", call);
  EXPECT_EQ(ending_text(result), "stopped deadline");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(30));
  // The next call is not touched by what was armed for this one.
  EXPECT_EQ(ending_text(guests.run_body("nop")), "exit 0");
}

TEST(Prepared, StopsWhenItIsCancelledBeforeOrWhileItRuns) {
  Guests guests;
  auto endless = guests.prepare(R"((module (func (export "_start") (loop $l (br $l)))))",
                                Abi::kWasi, "_start");
  ASSERT_TRUE(endless.ok());
  Cancellation before;
  before.cancel();
  Call call = Guests::plain_call();
  call.cancellation = &before;
  EXPECT_EQ(ending_text(guests.run(**endless, call)), "stopped cancelled");

  Cancellation meanwhile;
  call.cancellation = &meanwhile;
  std::thread other([&] { meanwhile.cancel(); });
  EXPECT_EQ(ending_text(guests.run(**endless, call)), "stopped cancelled");
  other.join();
  call.cancellation = nullptr;
  EXPECT_EQ(ending_text(guests.run_body("nop", call)), "exit 0");
}

TEST(Prepared, LetsALongerDeadlineGoOnWhenAShorterOnePasses) {
  Guests guests;
  auto endless = guests.prepare(R"((module (func (export "_start") (loop $l (br $l)))))",
                                Abi::kWasi, "_start");
  ASSERT_TRUE(endless.ok());
  Call longer = Guests::plain_call();
  longer.deadline_ms = 120;
  std::chrono::steady_clock::duration took{};
  std::thread other([&] {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(ending_text(guests.run(**endless, longer)), "stopped deadline");
    took = std::chrono::steady_clock::now() - start;
  });
  Call shorter = Guests::plain_call();
  shorter.deadline_ms = 20;
  EXPECT_EQ(ending_text(guests.run(**endless, shorter)), "stopped deadline");
  other.join();
  EXPECT_GE(took, std::chrono::milliseconds(120));
}

TEST(Prepared, StopsRecursionWithoutEnd) {
  Guests guests;
  const CallResult result = guests.run(
      R"((module (func $f (param i32) (call $f (i32.add (local.get 0) (i32.const 1))))
          (func (export "_start") (call $f (i32.const 0)))))",
      Abi::kWasi, "_start");
  EXPECT_EQ(ending_text(result), "stopped stack");
}

TEST(Prepared, RefusesGrowthBeyondTheMemoryLimit) {
  Guests guests;
  Call call = Guests::plain_call();
  call.memory_bytes_max = 10 * 65536;
  // Grows page by page until it may not, and gives the pages it got.
  const CallResult result = guests.run(
      R"((module (memory 1) (func (export "grow") (result i32)
          (loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
          (memory.size))))",
      Abi::kWasi, "grow", call);
  EXPECT_EQ(ending_text(result), "exit 10");
  EXPECT_EQ(result.memory_bytes_peak, 10U * 65536);
}

TEST(Prepared, CountsAllMemoriesTogether) {
  Guests guests;
  Call call = Guests::plain_call();
  call.memory_bytes_max = 10 * 65536;
  const CallResult result = guests.run(
      R"((module (memory $a 1) (memory $b 2) (func (export "grow") (result i32)
          (loop $l (br_if $l (i32.ne (memory.grow $a (i32.const 1)) (i32.const -1))))
          (loop $l (br_if $l (i32.ne (memory.grow $b (i32.const 1)) (i32.const -1))))
          (i32.add (i32.mul (i32.const 100) (memory.size $a)) (memory.size $b)))))",
      Abi::kWasi, "grow", call);
  EXPECT_EQ(ending_text(result), "exit 802");
}

TEST(Prepared, LetsAMemoryGrowToItsOwnMaximumOnly) {
  Guests guests;
  const CallResult result = guests.run(
      R"((module (memory 1 3) (func (export "grow") (result i32)
          (drop (memory.grow (i32.const 2)))
          (i32.add (memory.grow (i32.const 1)) (i32.mul (memory.size) (i32.const 10))))))",
      Abi::kWasi, "grow");
  EXPECT_EQ(ending_text(result), "exit 29");
}

TEST(Prepared, TrapsIfAModuleStartsOverTheMemoryLimit) {
  Guests guests;
  Call call = Guests::plain_call();
  call.memory_bytes_max = 65536;
  const CallResult result =
      guests.run(R"((module (memory 2) (func (export "_start"))))", Abi::kWasi, "_start", call);
  EXPECT_EQ(ending_text(result), "trap host");
  EXPECT_THAT(message_text(result), HasSubstr("131072 bytes"));
  EXPECT_THAT(message_text(result), HasSubstr("65536"));
}

TEST(Prepared, RefusesACallThatMayUseMoreThanTheNodeGives) {
  EngineOptions options;
  options.memory_bytes_max = 16U << 20;
  Guests guests(options);
  const CallResult result = guests.run_body("nop");
  EXPECT_EQ(ending_text(result), "stopped limit");
}

TEST(Prepared, LimitsTables) {
  Guests guests;
  Call call = Guests::plain_call();
  call.table_elements_max = 100;
  const CallResult result = guests.run(
      R"((module (table $t 10 funcref) (func (export "grow") (result i32)
          (loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 1)) (i32.const -1))))
          (table.size $t))))",
      Abi::kWasi, "grow", call);
  EXPECT_EQ(ending_text(result), "exit 100");
}

TEST(Prepared, StopsAGarbageCollectedHeapThatGrowsForEver) {
  Guests guests;
  Call call = Guests::plain_call();
  call.memory_bytes_max = 4U << 20;
  const CallResult result = guests.run(
      R"((module (type $n (struct (field (ref null $n)) (field i64)))
          (func (export "_start") (local $list (ref null $n))
            (loop $l (local.set $list (struct.new $n (local.get $list) (i64.const 1))) (br $l)))))",
      Abi::kWasi, "_start", call);
  EXPECT_EQ(ending_text(result), "stopped limit") << message_text(result);
}

TEST(Prepared, GivesCanonicalNans) {
  Guests guests;
  // A signalling NaN with a payload, made by arithmetic from the guest's own bits.
  const CallResult result = guests.run(
      R"((module (func (export "bits") (result i32)
          (i32.reinterpret_f32 (f32.add (f32.reinterpret_i32 (i32.const 0x7fa12345))
                                        (f32.const 1))))))",
      Abi::kWasi, "bits");
  EXPECT_EQ(std::get<Exit>(result.ending).code, 0x7fc00000U);
}

TEST(Prepared, NamesEveryImportThatNothingSatisfies) {
  Guests guests;
  const auto prepared = guests.prepare(
      R"((module (import "env" "first" (func (param i32) (result i64)))
          (import "other" "second" (global i32))
          (import "timerose" "input_count" (func (param i64)))
          (import "timerose" "fly" (func))
          (func (export "_start"))))",
      Abi::kWasi, "_start");
  ASSERT_FALSE(prepared.ok());
  EXPECT_EQ(prepared.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(prepared.error().message, HasSubstr("env.first: function (i32) -> i64"));
  EXPECT_THAT(prepared.error().message, HasSubstr("--link env=MODULE"));
  EXPECT_THAT(prepared.error().message, HasSubstr("other.second: global i32"));
  EXPECT_THAT(
      prepared.error().message,
      HasSubstr("timerose.input_count: function (i64) -> (), but here it is a function () -> "
                "i32"));
  EXPECT_THAT(prepared.error().message, HasSubstr("timerose.fly"));
}

TEST(Prepared, SaysWhatTheEntryShouldBe) {
  Guests guests;
  const auto prepared =
      guests.prepare(R"((module (func (export "other") (param i32))))", Abi::kWasi, "_start");
  ASSERT_FALSE(prepared.ok());
  EXPECT_THAT(prepared.error().message, HasSubstr("\"_start\""));
  EXPECT_THAT(prepared.error().message, HasSubstr("other (i32) -> ()"));
}

TEST(Prepared, InitialisesALibraryBeforeItsEntry) {
  Guests guests;
  const CallResult result = guests.run(
      R"((module (global $g (mut i32) (i32.const 1))
          (func (export "_initialize") (global.set $g (i32.const 42)))
          (func (export "get") (result i32) (global.get $g))))",
      Abi::kWasi, "get");
  EXPECT_EQ(ending_text(result), "exit 42");
}

TEST(Prepared, EndsAtATrapOfTheStartFunction) {
  Guests guests;
  EXPECT_EQ(ending_text(
                guests.run(R"((module (func $s unreachable) (start $s) (func (export "_start"))))",
                           Abi::kWasi, "_start")),
            "trap unreachable");
}

TEST(Prepared, IsCalledFromManyThreadsAtOnce) {
  Guests guests;
  auto prepared = guests.prepare(
      R"((module (memory (export "memory") 1)
          (func (export "sum") (result i32) (local $i i32) (local $s i32)
            (loop $l
              (i32.store (local.get $i) (local.get $i))
              (local.set $s (i32.add (local.get $s) (i32.load (local.get $i))))
              (local.set $i (i32.add (local.get $i) (i32.const 4)))
              (br_if $l (i32.lt_u (local.get $i) (i32.const 4000))))
            (local.get $s))))",
      Abi::kWasi, "sum");
  ASSERT_TRUE(prepared.ok());
  const CallResult expected = guests.run(**prepared, Guests::plain_call());
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const CallResult result = guests.run(**prepared, Guests::plain_call());
        ASSERT_EQ(ending_text(result), ending_text(expected));
        ASSERT_EQ(result.fuel_used, expected.fuel_used);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Prepared, SaysWhenEverySlotIsInUse) {
  EngineOptions options;
  options.instances_max = 1;  // and room for one call of linked modules
  Guests guests(options);
  std::map<std::string, std::string> links;
  for (int i = 0; i < 15; ++i) links.emplace("m" + std::to_string(i), "(module)");
  auto prepared = guests.prepare(
      R"((module (import "timerose" "log" (func $log (param i32 i32)))
          (memory (export "memory") 1)
          (func (export "timerose_main") (call $log (i32.const 0) (i32.const 1)))))",
      Abi::kTimerose, "timerose_main", links);
  ASSERT_TRUE(prepared.ok()) << prepared.error().message;
  std::string within;
  Call call = Guests::plain_call();
  call.on_write = [&](int, ByteView) {
    within = ending_text(guests.run(**prepared, Guests::plain_call()));
  };
  EXPECT_EQ(ending_text(guests.run(**prepared, call)), "exit 0");
  EXPECT_EQ(within, "stopped limit");
}

TEST(Prepared, StopsACallWhoseModulesHaveTooManyMemories) {
  Guests guests;
  std::map<std::string, std::string> links;
  for (int i = 0; i < 15; ++i) links.emplace("m" + std::to_string(i), "(module (memory 1))");
  EXPECT_EQ(ending_text(guests.run(R"((module (memory 1) (memory 1) (func (export "_start"))))",
                                   Abi::kWasi, "_start", Guests::plain_call(), links)),
            "stopped limit");
}

}  // namespace
}  // namespace timerose::wasm
