#include "blockstore/block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace timerose {
namespace {

using ::testing::HasSubstr;

SharedBytes text(std::string_view value) { return SharedBytes::copy_of(as_bytes(value)); }

TEST(Block, IsNamedByItsData) {
  auto block = Block::of(Codec::kRaw, HashCode::kBlake3, text("data"));
  ASSERT_TRUE(block.ok());
  EXPECT_TRUE(*block->cid().matches(as_bytes("data")));
  EXPECT_EQ(block->size(), 4U);
  EXPECT_EQ(Block::of_sha256(Codec::kRaw, text("data")).cid(),
            Cid::of_sha256(Codec::kRaw, as_bytes("data")));
}

TEST(Block, RefusesDataOfAnotherCid) {
  const Cid cid = Cid::of_sha256(Codec::kRaw, as_bytes("data"));
  EXPECT_TRUE(Block::verify(cid, text("data")).ok());
  auto wrong = Block::verify(cid, text("date"));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(wrong.error().message, HasSubstr(cid.to_string()));
}

TEST(Block, HasASizeLimit) {
  EXPECT_TRUE(Block::of(Codec::kRaw, HashCode::kSha2_256, Bytes(kBlockBytesMax)).ok());
  const SharedBytes over(Bytes(kBlockBytesMax + 1));
  EXPECT_EQ(Block::of(Codec::kRaw, HashCode::kSha2_256, over).error().code,
            ErrorCode::kLimitExceeded);
  EXPECT_EQ(Block::verify(Cid::of_sha256(Codec::kRaw, over.view()), over).error().code,
            ErrorCode::kLimitExceeded);
}

TEST(Block, OfAnIdentityCidIsInTheCid) {
  auto cid = Cid::of(Codec::kRaw, HashCode::kIdentity, as_bytes("tiny"));
  ASSERT_TRUE(cid.ok());
  EXPECT_EQ(as_text(identity_data(*cid)->view()), "tiny");
  EXPECT_FALSE(identity_data(Cid::of_sha256(Codec::kRaw, {})).has_value());
}

}  // namespace
}  // namespace timerose
