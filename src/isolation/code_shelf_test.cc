#include "isolation/code_shelf.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace timerose::isolation {
namespace {

Cid module(size_t number) { return Cid::of_sha256(Codec::kRaw, as_bytes(std::to_string(number))); }
CodeShelf::Code code() { return std::make_shared<const FileDescriptor>(); }

TEST(CodeShelf, GivesARequesterWhatHisOwnWorkersCompiled) {
  CodeShelf shelf;
  const auto mine = code();
  shelf.put("me", module(1), mine, 10);
  EXPECT_EQ(shelf.find("me", module(1)), mine);
  EXPECT_TRUE(shelf.has("me", module(1)));
  EXPECT_EQ(shelf.find("you", module(1)), nullptr);
  EXPECT_FALSE(shelf.has("you", module(1)));
  EXPECT_EQ(shelf.find("me", module(2)), nullptr);
}

TEST(CodeShelf, KeepsTheLastOfTwo) {
  CodeShelf shelf;
  shelf.put("me", module(1), code(), 10);
  const auto second = code();
  shelf.put("me", module(1), second, 10);
  EXPECT_EQ(shelf.find("me", module(1)), second);
  EXPECT_EQ(shelf.latest(10).size(), 1U);
}

TEST(CodeShelf, ARequesterWithMuchCodePushesOutHisOwn) {
  CodeShelf shelf;
  shelf.put("you", module(0), code(), 10);
  for (size_t i = 1; i <= CodeShelf::kPiecesOfRequesterMax; ++i) {
    shelf.put("me", module(i), code(), 10);
  }
  EXPECT_TRUE(shelf.find("me", module(1)));  // asked for last
  shelf.put("me", module(1000), code(), 10);
  EXPECT_TRUE(shelf.has("me", module(1)));
  EXPECT_FALSE(shelf.has("me", module(2)));
  EXPECT_TRUE(shelf.has("you", module(0)));
  shelf.put("me", module(1001), code(), CodeShelf::kBytesOfRequesterMax);
  EXPECT_EQ(shelf.latest(100), (std::vector{module(1001), module(0)}));
  shelf.put("me", module(1002), code(), CodeShelf::kBytesOfRequesterMax + 1);
  EXPECT_FALSE(shelf.has("me", module(1002)));
}

TEST(CodeShelf, HoldsSoMuchAndNoMore) {
  CodeShelf shelf;
  for (size_t i = 0; i < 2 * CodeShelf::kPiecesMax; ++i) {
    shelf.put(std::to_string(i), module(i), code(), 1);
  }
  EXPECT_EQ(shelf.latest(SIZE_MAX).size(), CodeShelf::kPiecesMax);
  constexpr size_t kFull = CodeShelf::kBytesMax / CodeShelf::kBytesOfRequesterMax;
  for (size_t i = 0; i < 2 * kFull; ++i) {
    shelf.put(std::to_string(i), module(i), code(), CodeShelf::kBytesOfRequesterMax);
  }
  EXPECT_EQ(shelf.latest(SIZE_MAX).size(), kFull);
}

}  // namespace
}  // namespace timerose::isolation
