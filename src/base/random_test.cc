#include "base/random.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace timerose {
namespace {

TEST(SeededRandom, IsSplitmix64) {
  // The published first outputs for seed 1234567.
  SeededRandom random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317U);
  EXPECT_EQ(random.next(), 3203168211198807973U);
}

TEST(SeededRandom, RepeatsForASeed) {
  Bytes a(37);
  Bytes b(37);
  Bytes c(37);
  SeededRandom(5).fill(a);
  SeededRandom(5).fill(b);
  SeededRandom(6).fill(c);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(SeededRandom, FillsToTheLastByteAndNoFurther) {
  for (const size_t size : {1, 7, 8, 9, 16}) {
    Bytes bytes(size + 1, 0);
    bool last_was_set = false;
    for (uint64_t seed = 0; seed < 8; ++seed) {
      SeededRandom(seed).fill(std::span(bytes).first(size));
      last_was_set = last_was_set || bytes[size - 1] != 0;
      EXPECT_EQ(bytes[size], 0);
    }
    EXPECT_TRUE(last_was_set) << size;
  }
}

TEST(SystemRandom, DoesNotRepeat) {
  Bytes a(32);
  Bytes b(32);
  SystemRandom random;
  random.fill(a);
  random.fill(b);
  EXPECT_NE(a, b);
  random.fill({});
}

}  // namespace
}  // namespace timerose
