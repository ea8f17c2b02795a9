#include "wasm/abi/timerose.h"

#include <gmock/gmock.h>

#include "wasm/testing.h"

namespace timerose::wasm {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kImports = R"(
  (import "timerose" "arg_count" (func $arg_count (result i32)))
  (import "timerose" "arg_read" (func $arg_read (param i32 i32 i32) (result i32)))
  (import "timerose" "env_read" (func $env_read (param i32 i32 i32 i32) (result i32)))
  (import "timerose" "exit" (func $exit (param i32)))
  (import "timerose" "input_count" (func $input_count (result i32)))
  (import "timerose" "input_read" (func $input_read (param i32 i64 i32 i32) (result i32)))
  (import "timerose" "input_size" (func $input_size (param i32) (result i64)))
  (import "timerose" "log" (func $log (param i32 i32)))
  (import "timerose" "output_write" (func $output_write (param i32 i32)))
  (import "timerose" "random_fill" (func $random_fill (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 512) "NAME"))";

std::string module_of(std::string_view body) {
  return "(module " + std::string(kImports) + R"((func (export "timerose_main") (result i32) )" +
         std::string(body) + "))";
}

CallResult run(Guests& guests, std::string_view body, const Call& call = Guests::plain_call()) {
  return guests.run(module_of(body), Abi::kTimerose, "timerose_main", call);
}

TEST(TimeroseAbi, CopiesAnInputToTheOutput) {
  Guests guests;
  Call call = Guests::plain_call();
  call.world.inputs = {guests.add("unused"), guests.add("the second input")};
  const CallResult result = run(guests, R"(
      (call $output_write (i32.const 0)
        (call $input_read (i32.const 1) (i64.const 4) (i32.const 0) (i32.const 100)))
      (i32.add (i32.mul (i32.const 100) (call $input_count))
               (i32.wrap_i64 (call $input_size (i32.const 1)))))",
                                call);
  EXPECT_EQ(ending_text(result), "exit 216") << message_text(result);
  EXPECT_EQ(guests.text_of(result), "second input");
}

TEST(TimeroseAbi, ReadsAnyRangeOfALongInput) {
  Guests guests;
  std::string text;
  for (int i = 0; text.size() < (3U << 20) + 5; ++i) text += std::to_string(i) + " ";
  Call call = Guests::plain_call();
  call.world.inputs = {guests.add(text)};
  const CallResult result = run(guests, R"(
      (call $output_write (i32.const 0)
        (call $input_read (i32.const 0) (i64.const 1048570) (i32.const 0) (i32.const 12)))
      ;; nothing after the end
      (call $input_read (i32.const 0) (i64.const -1) (i32.const 0) (i32.const 12)))",
                                call);
  EXPECT_EQ(ending_text(result), "exit 0") << message_text(result);
  EXPECT_EQ(guests.text_of(result), text.substr(1048570, 12));
}

TEST(TimeroseAbi, SaysWhatInputsArgumentsAndNamesThereAreNot) {
  Guests guests;
  EXPECT_EQ(ending_text(run(guests, R"((i32.and
      (i32.and (i64.eq (call $input_size (i32.const 0)) (i64.const -1))
               (i32.eq (call $input_read (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 1))
                       (i32.const -1)))
      (i32.and (i32.eq (call $arg_read (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const -1))
               (i32.eq (call $env_read (i32.const 512) (i32.const 4) (i32.const 0) (i32.const 1))
                       (i32.const -1)))))")),
            "exit 1");
}

TEST(TimeroseAbi, ReadsArgumentsAndEnvironment) {
  Guests guests;
  Call call = Guests::plain_call();
  call.world.args = {"program", "first", "second"};
  call.world.env = {{"OTHER", "x"}, {"NAME", "value"}};
  const CallResult result = run(guests, R"(
      ;; six bytes of argument 1, then four of the five of NAME
      (call $output_write (i32.const 0)
        (call $arg_read (i32.const 1) (i32.const 0) (i32.const 100)))
      (i32.add (i32.mul (call $arg_count) (i32.const 10))
        (call $env_read (i32.const 512) (i32.const 4) (i32.const 100) (i32.const 4)))
      (call $output_write (i32.const 100) (i32.const 5)))",
                                call);
  EXPECT_EQ(ending_text(result), "exit 25") << message_text(result);
  EXPECT_EQ(guests.text_of(result), std::string("secondvalu\0", 11));
}

TEST(TimeroseAbi, GivesTheRandomnessOfTheCallsKey) {
  Guests guests;
  Call call = Guests::plain_call();
  call.world.random_key.fill(7);
  constexpr std::string_view kBody = R"(
      (call $random_fill (i32.const 0) (i32.const 10))
      (call $random_fill (i32.const 10) (i32.const 30))
      (call $output_write (i32.const 0) (i32.const 40)) (i32.const 0))";
  const std::string first = guests.text_of(run(guests, kBody, call));
  std::string expected(40, '\0');
  Keystream(call.world.random_key)
      .fill({reinterpret_cast<uint8_t*>(expected.data()), expected.size()});
  EXPECT_EQ(first, expected);
  call.world.random_key.fill(8);
  EXPECT_NE(guests.text_of(run(guests, kBody, call)), first);
}

TEST(TimeroseAbi, LogsToStandardError) {
  Guests guests;
  Call call = Guests::plain_call();
  call.wasi_limits.stdout_bytes_max = 6;
  std::string seen;
  call.on_write = [&](int descriptor, ByteView piece) {
    seen += std::to_string(descriptor) + ":" + std::string(as_text(piece)) + " ";
  };
  const CallResult result = run(guests, R"(
      (call $log (i32.const 512) (i32.const 4)) (call $output_write (i32.const 512) (i32.const 1))
      (call $log (i32.const 512) (i32.const 4)) (i32.const 0))",
                                call);
  EXPECT_EQ(as_text(result.stderr_bytes), "NAMENA");
  EXPECT_EQ(seen, "2:NAME 1:N 2:NA ");
  EXPECT_EQ(guests.text_of(result), "N");
}

TEST(TimeroseAbi, EndsAtExit) {
  Guests guests;
  const CallResult result = run(guests, R"(
      (call $output_write (i32.const 512) (i32.const 2)) (call $exit (i32.const -2)) unreachable)");
  EXPECT_EQ(std::get<Exit>(result.ending).code, UINT32_MAX - 1);
  EXPECT_EQ(guests.text_of(result), "NA");
}

TEST(TimeroseAbi, TrapsOnPointersOutsideMemory) {
  const std::pair<const char*, const char*> calls[] = {
      {"arg_read", "(drop (call $arg_read (i32.const 0) (i32.const 65536) (i32.const 1)))"},
      {"arg_read", "(drop (call $arg_read (i32.const 0) (i32.const 1) (i32.const -1)))"},
      {"env_read",
       "(drop (call $env_read (i32.const -1) (i32.const 2) (i32.const 0) (i32.const 1)))"},
      {"env_read",
       "(drop (call $env_read (i32.const 0) (i32.const 2) (i32.const 65535) (i32.const 2)))"},
      {"input_read",
       "(drop (call $input_read (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 65537)))"},
      {"input_read",
       "(drop (call $input_read (i32.const 9) (i64.const 0) (i32.const -1) (i32.const 1)))"},
      {"log", "(call $log (i32.const 65530) (i32.const 7))"},
      {"output_write", "(call $output_write (i32.const -1) (i32.const -1))"},
      {"output_write", "(call $output_write (i32.const 0) (i32.const 65537))"},
      {"random_fill", "(call $random_fill (i32.const 65536) (i32.const 1))"},
  };
  Guests guests;
  Call call = Guests::plain_call();
  call.world.args = {"program", "argument"};
  call.world.inputs = {guests.add("input")};
  for (const auto& [name, body] : calls) {
    const CallResult result = run(guests, std::string(body) + " (i32.const 0)", call);
    EXPECT_EQ(ending_text(result), "trap host") << body;
    EXPECT_THAT(message_text(result), HasSubstr(name)) << body;
    EXPECT_THAT(message_text(result), HasSubstr("65536 bytes")) << body;
  }
}

TEST(TimeroseAbi, TrapsWithoutAnExportedMemory) {
  Guests guests;
  EXPECT_EQ(ending_text(guests.run(R"((module
      (import "timerose" "log" (func $log (param i32 i32))) (memory 1)
      (func (export "timerose_main") (call $log (i32.const 0) (i32.const 1)))))",
                                   Abi::kTimerose, "timerose_main")),
            "trap host");
}

TEST(TimeroseAbi, StopsAnOutputOverItsLimit) {
  Guests guests;
  Call call = Guests::plain_call();
  call.output_bytes_max = 1000;
  const CallResult result = run(
      guests, "(loop $l (call $output_write (i32.const 0) (i32.const 300)) (br $l)) (i32.const 0)",
      call);
  EXPECT_EQ(ending_text(result), "stopped limit");
  EXPECT_FALSE(result.output.has_value());
}

TEST(TimeroseAbi, WritesALongOutputAsOneFile) {
  Guests guests;
  const CallResult result = run(guests, R"((local $i i32)
      (memory.fill (i32.const 0) (i32.const 97) (i32.const 65536))
      (loop $l (call $output_write (i32.const 0) (i32.const 65536))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 40)))) (i32.const 0))");
  EXPECT_EQ(ending_text(result), "exit 0");
  const std::string text(40 * 65536, 'a');
  EXPECT_EQ(result.output->cid, guests.add(text));
  EXPECT_EQ(guests.text_of(result), text);
}

TEST(TimeroseAbi, FailsIfTheSinkDoes) {
  Guests guests;
  auto prepared = guests.prepare(module_of("(call $output_write (i32.const 0) (i32.const 9))"
                                           " (i32.const 0)"),
                                 Abi::kTimerose, "timerose_main");
  ASSERT_TRUE(prepared.ok());
  const auto result = (*prepared)->run(
      Guests::plain_call(), guests.store(),
      [](std::span<const Block>) -> Status { return Error{ErrorCode::kNoSpace, "full"}; });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kNoSpace);
}

TEST(TimeroseAbi, StopsForAMissingInput) {
  Guests guests;
  Call call = Guests::plain_call();
  const Cid missing = Cid::of_sha256(Codec::kRaw, as_bytes("nobody has this"));
  call.world.inputs = {missing};
  const CallResult result =
      run(guests, "(drop (call $input_size (i32.const 0))) (i32.const 0)", call);
  EXPECT_EQ(ending_text(result), "stopped missing_block");
  EXPECT_THAT(message_text(result), HasSubstr(missing.to_string()));
  // An input that is never looked at need not be there.
  EXPECT_EQ(ending_text(run(guests, "(i32.const 0)", call)), "exit 0");
}

TEST(TimeroseAbi, TrapsForAnInputThatIsNoFile) {
  Guests guests;
  Call call = Guests::plain_call();
  call.world.inputs = {Cid::of_sha256(Codec::kDagCbor, as_bytes("\xa0"))};
  const CallResult result =
      run(guests, "(drop (call $input_size (i32.const 0))) (i32.const 0)", call);
  EXPECT_EQ(ending_text(result), "trap host") << message_text(result);
}

TEST(TimeroseFunctions, AreSortedByName) {
  std::string_view before;
  for (const auto& function : abi::timerose_functions()) {
    EXPECT_LT(before, function.name);
    before = function.name;
  }
}

}  // namespace
}  // namespace timerose::wasm
