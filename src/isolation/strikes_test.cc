#include "isolation/strikes.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace timerose::isolation {
namespace {

Sha256Digest call_number(int number) { return sha256(as_bytes("call " + std::to_string(number))); }

TEST(Strikes, RefuseACallThatStruckOftenForAWhile) {
  Strikes strikes;
  for (uint32_t i = 0; i < Strikes::kOfCallMax; ++i) {
    EXPECT_FALSE(strikes.refusal(i, call_number(1), "a"));
    strikes.add(i, call_number(1), "a");
  }
  EXPECT_TRUE(strikes.refusal(10, call_number(1), "a"));
  EXPECT_TRUE(strikes.refusal(10, call_number(1), "b"));  // whoever asks
  EXPECT_FALSE(strikes.refusal(10, call_number(2), "a"));
  EXPECT_TRUE(strikes.refusal(Strikes::kCallNs - 1, call_number(1), "a"));
  EXPECT_FALSE(strikes.refusal(Strikes::kCallNs, call_number(1), "a"));
}

TEST(Strikes, ThatAreFarApartAddUpToNothing) {
  Strikes strikes;
  for (uint64_t i = 0; i < 10; ++i) {
    strikes.add(i * Strikes::kCallNs, call_number(1), "a");
    EXPECT_FALSE(strikes.refusal(i * Strikes::kCallNs + 1, call_number(1), "a"));
  }
}

TEST(Strikes, RefuseARequesterWhoseCallsStrikeAgainAndAgain) {
  Strikes strikes;
  for (uint32_t i = 0; i < Strikes::kOfRequesterMax; ++i) {
    EXPECT_FALSE(strikes.refusal(i, call_number(1000), "a"));
    strikes.add(i, call_number(static_cast<int>(i)), "a");
  }
  EXPECT_TRUE(strikes.refusal(100, call_number(1000), "a"));
  EXPECT_FALSE(strikes.refusal(100, call_number(1000), "b"));
  EXPECT_FALSE(strikes.refusal(Strikes::kRequesterNs, call_number(1000), "a"));
}

TEST(Strikes, ForgetsTheOldestOfTooMany) {
  Strikes strikes;
  for (uint32_t i = 0; i < Strikes::kOfCallMax; ++i) strikes.add(0, call_number(-1), "first");
  for (size_t i = 0; i < Strikes::kNamesMax; ++i) {
    strikes.add(1, call_number(static_cast<int>(i)), std::to_string(i));
  }
  EXPECT_FALSE(strikes.refusal(2, call_number(-1), "first"));
}

}  // namespace
}  // namespace timerose::isolation
