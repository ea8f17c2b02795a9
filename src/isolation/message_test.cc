#include "isolation/message.h"

#include <gtest/gtest.h>

namespace timerose::isolation {
namespace {

Cid some_cid() { return Cid::of_sha256(Codec::kRaw, as_bytes("x")); }

std::vector<ToWorker> to_worker() {
  return {Setup{5ULL << 30, true},
          Run{7, sha256(as_bytes("i")), 1000, 50, true, Bytes{1, 2, 3}},
          GiveBlock{Bytes{9, 8, 7}, ErrorCode::kNotFound, {}},
          GiveBlock{Bytes(), ErrorCode::kNotFound, {}},
          GiveBlock{std::nullopt, ErrorCode::kNotFound, "not here"},
          GiveCode{GiveCode::What::kCompiled, ErrorCode::kNotFound, {}},
          GiveCode{GiveCode::What::kBinary, ErrorCode::kNotFound, {}},
          GiveCode{GiveCode::What::kNothing, ErrorCode::kUnsupported, "cannot"},
          GiveRoom{},
          GiveRoom{false, ErrorCode::kLimitExceeded, "full"}};
}

std::vector<FromWorker> from_worker() {
  return {Hello{0x7f, "engine\nflags"},
          WantBlock{some_cid()},
          WantCode{some_cid()},
          WantRoom{1U << 20},
          Compiled{},
          PutBlocks{{{some_cid(), Bytes{'x'}}, {some_cid(), Bytes()}}},
          Wrote{2, Bytes{'e'}},
          Ended{Ended::WithOutcome{Bytes{1}, "trap"}, 5, 65536},
          Ended{Ended::Stopped{wasm::StopReason::kFuel, "no more"}, 6, 7},
          Ended{Ended::Failed{ErrorCode::kMalformed, "no module"}, 0, 0}};
}

ByteView rest_of(const Bytes& frame) {
  const auto length = rest_length(ByteView(frame).first(kFrameHeadBytes));
  EXPECT_TRUE(length.ok());
  EXPECT_EQ(*length, frame.size() - kFrameHeadBytes);
  return ByteView(frame).subspan(kFrameHeadBytes);
}

TEST(Message, DecodesToWhatWasEncoded) {
  for (const ToWorker& message : to_worker()) {
    const Bytes frame = encode(message);
    const auto decoded = decode_to_worker(rest_of(frame));
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(*decoded, message);
  }
  for (const FromWorker& message : from_worker()) {
    const Bytes frame = encode(message);
    const auto decoded = decode_from_worker(rest_of(frame));
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(*decoded, message);
  }
}

TEST(Message, IsRefusedWhenItIsCutOffOrTooLong) {
  for (const FromWorker& message : from_worker()) {
    const Bytes frame = encode(message);
    const ByteView rest = rest_of(frame);
    const bool is_list = std::holds_alternative<PutBlocks>(message);
    for (size_t length = 0; length < rest.size(); ++length) {
      const auto decoded = decode_from_worker(rest.first(length));
      // A list may end after any of its blocks.
      EXPECT_TRUE(!decoded.ok() || (is_list && *decoded != message)) << length;
    }
    Bytes longer = to_bytes(rest);
    longer.push_back(0);
    EXPECT_FALSE(decode_from_worker(longer).ok());
  }
}

TEST(Message, OfOneDirectionIsNoneOfTheOther) {
  for (const ToWorker& message : to_worker()) {
    EXPECT_FALSE(decode_from_worker(rest_of(encode(message))).ok());
  }
  for (const FromWorker& message : from_worker()) {
    EXPECT_FALSE(decode_to_worker(rest_of(encode(message))).ok());
  }
}

TEST(Message, HasAnEndToItsLengths) {
  const auto length_of = [](uint32_t length) {
    return rest_length({reinterpret_cast<const uint8_t*>(&length), sizeof(length)});
  };
  EXPECT_FALSE(length_of(0).ok());
  EXPECT_TRUE(length_of(kFrameBytesMax).ok());
  EXPECT_EQ(length_of(kFrameBytesMax + 1).error().code, ErrorCode::kLimitExceeded);
  EXPECT_FALSE(length_of(UINT32_MAX).ok());
  // A text that is too long is cut, an Outcome that is too long is none.
  const Bytes cut =
      encode(FromWorker(Ended{Ended::Stopped{{}, std::string(kTextBytesMax + 1, 'x')}, 0, 0}));
  EXPECT_TRUE(decode_from_worker(rest_of(cut)).ok());
  const Bytes long_one =
      encode(FromWorker(Ended{Ended::WithOutcome{Bytes(kOutcomeBytesMax + 1), ""}, 0, 0}));
  EXPECT_FALSE(decode_from_worker(rest_of(long_one)).ok());
}

}  // namespace
}  // namespace timerose::isolation
