#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace timerose {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return Error{ErrorCode::kInvalidArgument, "odd"};
  return value / 2;
}

Result<int> quarter(int value) {
  TR_ASSIGN(const int once, half(value));
  TR_ASSIGN(const int twice, half(once));
  return twice;
}

Status must_be_even(int value) {
  TR_TRY(half(value));
  return success();
}

TEST(Result, IsAValueOrAnError) {
  const Result<int> value = 4;
  EXPECT_TRUE(value.ok());
  EXPECT_EQ(*value, 4);
  const Result<int> error = Error{ErrorCode::kNotFound, "gone"};
  EXPECT_FALSE(error);
  EXPECT_EQ(error.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(error.error().message, "gone");
}

TEST(Result, ReturnsTheFirstErrorFromTheEnclosingFunction) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_TRUE(must_be_even(2).ok());
  EXPECT_EQ(must_be_even(3).error().code, ErrorCode::kInvalidArgument);
}

TEST(Result, HoldsWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 7);
}

TEST(Result, TakenTheWrongWayEndsTheProcess) {
  const Result<int> error = Error{ErrorCode::kNotFound, "gone"};
  EXPECT_DEATH((void)*error, "gone");
  const Result<int> value = 1;
  EXPECT_DEATH((void)value.error(), "CHECK failed");
  EXPECT_DEATH((void)success().error(), "CHECK failed");
}

TEST(Error, SaysWhatWasBeingDone) {
  EXPECT_EQ((Error{ErrorCode::kIo, "disk full"}).within("adding a.txt").within("import").message,
            "import: adding a.txt: disk full");
}

TEST(ErrorCode, HasANameForLogs) {
  EXPECT_STREQ(error_code_name(ErrorCode::kInvalidArgument), "invalid_argument");
  EXPECT_STREQ(error_code_name(ErrorCode::kInternal), "internal");
}

}  // namespace
}  // namespace timerose
