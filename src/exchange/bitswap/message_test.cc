#include "exchange/bitswap/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hex.h"
#include "multiformats/protobuf.h"

namespace timerose::bitswap {
namespace {

using testing::HasSubstr;

// The sha2-256 of "hello".
constexpr std::string_view kDigest =
    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

SharedBytes hello() { return SharedBytes::copy_of(as_bytes("hello")); }
Cid raw_cid() { return Cid::of_sha256(Codec::kRaw, as_bytes("hello")); }
Cid version_0_cid() { return *Cid::of_sha256(Codec::kDagPb, as_bytes("hello")).as_v0(); }

Bytes join(const Encoded& encoded) {
  Bytes whole;
  for (const ByteView piece : encoded.pieces) whole.insert(whole.end(), piece.begin(), piece.end());
  return whole;
}

std::string hex_of(const Outgoing& message, Version version) {
  return hex_encode(join(encode(message, version)));
}

SharedBytes frame_of(std::string_view hex) { return {*hex_decode(hex)}; }
std::string with_digest(std::string_view head, std::string_view tail) {
  return std::string(head).append(kDigest).append(tail);
}

// --- The bytes, as a common Go implementation (boxo 0.42) writes them; it also writes an empty
// want-list, 0a00, where there is none. ---

TEST(BitswapMessage, EncodesAWantHave) {
  Outgoing message;
  message.wants = {
      {.cid = raw_cid(), .priority = 7, .type = WantType::kHave, .send_dont_have = true}};
  EXPECT_EQ(hex_of(message, Version::k120), with_digest("0a2e0a2c0a2401551220", "100720012801"));
}

TEST(BitswapMessage, EncodesAFullWantlistWithANegativePriority) {
  Outgoing message;
  message.full = true;
  message.wants = {{.cid = version_0_cid(), .priority = -2}};
  const std::string bytes = with_digest("0a330a2f0a221220", "10feffffffffffffffff011001");
  EXPECT_EQ(hex_of(message, Version::k120), bytes);
  EXPECT_EQ(hex_of(message, Version::k110), bytes);
  EXPECT_EQ(hex_of(message, Version::k100), bytes);
}

TEST(BitswapMessage, EncodesACancel) {
  Outgoing message;
  message.wants = {{.cid = raw_cid(), .priority = 0, .cancel = true}};
  EXPECT_EQ(hex_of(message, Version::k120), with_digest("0a2a0a280a2401551220", "1801"));
  EXPECT_EQ(hex_of(message, Version::k110), with_digest("0a2a0a280a2401551220", "1801"));
}

TEST(BitswapMessage, EncodesABlockForEachVersion) {
  Outgoing message;
  message.blocks = {Block::of_sha256(Codec::kRaw, hello())};
  message.pending_bytes = 300;
  EXPECT_EQ(hex_of(message, Version::k120), "1a0d0a0401551220120568656c6c6f28ac02");
  EXPECT_EQ(hex_of(message, Version::k110), "1a0d0a0401551220120568656c6c6f");
  EXPECT_EQ(hex_of(message, Version::k100), "120568656c6c6f");
}

TEST(BitswapMessage, EncodesABlockOfAVersion0Cid) {
  Outgoing message;
  message.blocks = {Block::trusted(version_0_cid(), hello())};
  EXPECT_EQ(hex_of(message, Version::k120), "1a0d0a0400701220120568656c6c6f");
}

TEST(BitswapMessage, EncodesAnEmptyBlock) {
  Outgoing message;
  message.blocks = {Block::of_sha256(Codec::kRaw, {})};
  EXPECT_EQ(hex_of(message, Version::k120), "1a060a0401551220");
  EXPECT_EQ(hex_of(message, Version::k100), "1200");
}

TEST(BitswapMessage, EncodesPresencesForVersion120Alone) {
  Outgoing message;
  message.presences = {{raw_cid(), Presence::kHave}};
  EXPECT_EQ(hex_of(message, Version::k120), with_digest("22260a2401551220", ""));
  EXPECT_EQ(hex_of(message, Version::k110), "");
  EXPECT_EQ(hex_of(message, Version::k100), "");
  message.presences = {{Cid::of_sha256(Codec::kDagCbor, as_bytes("hello")), Presence::kDontHave}};
  EXPECT_EQ(hex_of(message, Version::k120), with_digest("22280a2401711220", "1001"));
}

TEST(BitswapMessage, EncodesNothingAsNothingButAnEmptyFullWantlist) {
  Outgoing message;
  EXPECT_EQ(hex_of(message, Version::k120), "");
  message.full = true;
  EXPECT_EQ(hex_of(message, Version::k120), "0a021001");
}

// --- What older peers do not know ---

TEST(BitswapMessage, LeavesWantHavesOutForOlderPeers) {
  Outgoing message;
  message.wants = {{.cid = raw_cid(), .type = WantType::kHave},
                   {.cid = raw_cid(), .priority = 3, .send_dont_have = true}};
  EXPECT_EQ(hex_of(message, Version::k110), with_digest("0a2a0a280a2401551220", "1003"));
}

TEST(BitswapMessage, NamesAWantByItsMultihashFor100) {
  Outgoing message;
  message.wants = {{.cid = raw_cid(), .priority = 3}};
  EXPECT_EQ(hex_of(message, Version::k100), with_digest("0a280a260a221220", "1003"));
}

TEST(BitswapMessage, LeavesOtherHashesOutFor100) {
  Outgoing message;
  const Block block = *Block::of(Codec::kRaw, HashCode::kBlake3, hello());
  message.wants = {{.cid = block.cid()}};
  message.blocks = {block};
  EXPECT_EQ(hex_of(message, Version::k100), "");
  EXPECT_NE(hex_of(message, Version::k110), "");
}

// --- Decoding ---

TEST(BitswapMessage, DecodesWhatItEncoded) {
  Outgoing message;
  message.full = true;
  message.wants = {
      {.cid = raw_cid(), .priority = INT32_MIN, .type = WantType::kHave, .send_dont_have = true},
      {.cid = version_0_cid(), .priority = INT32_MAX},
      {.cid = raw_cid(), .priority = 0, .cancel = true}};
  message.blocks = {Block::of_sha256(Codec::kRaw, hello()),
                    *Block::of(Codec::kDagCbor, HashCode::kSha2_512, hello()),
                    Block::trusted(version_0_cid(), hello()), Block::of_sha256(Codec::kRaw, {})};
  message.presences = {{raw_cid(), Presence::kHave}, {version_0_cid(), Presence::kDontHave}};
  message.pending_bytes = INT32_MAX;

  const auto decoded = decode(join(encode(message, Version::k120)));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_TRUE(decoded->full);
  EXPECT_EQ(decoded->wants, message.wants);
  EXPECT_EQ(decoded->presences, message.presences);
  EXPECT_EQ(decoded->pending_bytes, INT32_MAX);
  ASSERT_EQ(decoded->payloads.size(), message.blocks.size());
  for (size_t i = 0; i < message.blocks.size(); ++i) {
    const auto block = name(decoded->payloads[i]);
    ASSERT_TRUE(block.ok()) << block.error().message;
    EXPECT_EQ(block->cid(), message.blocks[i].cid());
    EXPECT_TRUE(equal(block->data().view(), message.blocks[i].data().view()));
  }
}

TEST(BitswapMessage, DecodesTheEmptyWantlistOfOthers) {
  const auto message = decode(frame_of("0a001a0d0a0401551220120568656c6c6f28ac02"));
  ASSERT_TRUE(message.ok());
  EXPECT_TRUE(message->wants.empty());
  EXPECT_FALSE(message->full);
  ASSERT_EQ(message->payloads.size(), 1U);
  EXPECT_EQ(name(message->payloads[0])->cid(), raw_cid());
  EXPECT_EQ(message->pending_bytes, 300);
}

TEST(BitswapMessage, NamesABlockOf100BySha256AndVersion0) {
  const auto message = decode(frame_of("0a00120568656c6c6f"));
  ASSERT_TRUE(message.ok());
  ASSERT_EQ(message->payloads.size(), 1U);
  EXPECT_EQ(name(message->payloads[0])->cid(), version_0_cid());
}

TEST(BitswapMessage, GivesBlocksAsSlicesOfTheFrame) {
  const SharedBytes frame = frame_of("1a0d0a0401551220120568656c6c6f");
  const auto message = decode(frame);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->payloads[0].data.data(), frame.data() + 10);
}

TEST(BitswapMessage, SendsBlocksWithoutACopy) {
  Outgoing message;
  message.blocks = {Block::of_sha256(Codec::kRaw, hello())};
  const Encoded encoded = encode(message, Version::k120);
  ASSERT_EQ(encoded.pieces.size(), 2U);
  EXPECT_EQ(encoded.pieces[1].data(), message.blocks[0].data().data());
}

TEST(BitswapMessage, PassesOverUnknownFieldsAndTypes) {
  // Field 9 in the message; a want of type 2; a wantlist whose `full` is of another wire type.
  const auto message =
      decode(frame_of("4a01ff" + with_digest("0a2a0a280a2401551220", "2002") + "0a021201"));
  ASSERT_FALSE(message.ok());  // the last field is cut
  const auto whole =
      decode(frame_of("4a01ff" + with_digest("0a2a0a280a2401551220", "2002") + "0a03120100"));
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  EXPECT_TRUE(whole->wants.empty());
  EXPECT_FALSE(whole->full);
}

TEST(BitswapMessage, TellsWhatIsMalformed) {
  const auto message_of = [](std::string_view hex) {
    const auto message = decode(frame_of(hex));
    return message.ok() ? "decoded" : message.error().message;
  };
  EXPECT_THAT(message_of("0a05"), HasSubstr("ends within"));
  EXPECT_THAT(message_of("0a020a00"), HasSubstr("the CID of a want"));
  EXPECT_THAT(message_of("2200"), HasSubstr("the CID of a block presence"));
  EXPECT_THAT(message_of("1a03120161"), HasSubstr("without the prefix"));
  EXPECT_THAT(message_of("1a270a25" + std::string(74, '1')), HasSubstr("37 bytes, 36 at most"));
  EXPECT_THAT(message_of("0b"), HasSubstr("wire type"));
}

// --- Names of blocks ---

ErrorCode name_error(std::string_view prefix_hex) {
  const auto block = name({.prefix = *hex_decode(prefix_hex), .data = hello()});
  return block.ok() ? ErrorCode::kInternal : block.error().code;
}

TEST(BitswapMessage, RefusesPrefixesThatNameNoBlock) {
  EXPECT_EQ(name_error("0155"), ErrorCode::kMalformed);        // cut
  EXPECT_EQ(name_error("0155122000"), ErrorCode::kMalformed);  // a byte too many
  EXPECT_EQ(name_error("02551220"), ErrorCode::kMalformed);    // version 2
  EXPECT_EQ(name_error("00551220"), ErrorCode::kMalformed);    // version 0 of raw
  EXPECT_EQ(name_error("01551221"), ErrorCode::kMalformed);    // longer than sha2-256 is
  EXPECT_EQ(name_error("01551e8101"), ErrorCode::kMalformed);  // longer than any may be
  EXPECT_EQ(name_error("0155114014"), ErrorCode::kMalformed);  // sha1, then a byte too many
  EXPECT_EQ(name_error("01551114"), ErrorCode::kUnsupported);  // sha1
  EXPECT_EQ(name_error("01551213"), ErrorCode::kUnsupported);  // cut to 19 bytes
  EXPECT_EQ(name_error("01550004"), ErrorCode::kUnsupported);  // a part of the data
}

TEST(BitswapMessage, NamesDigestsOfOtherLengths) {
  const auto cut = name({.prefix = *hex_decode("01551214"), .data = hello()});
  ASSERT_TRUE(cut.ok()) << cut.error().message;
  EXPECT_EQ(cut->cid().multihash().digest.size(), 20U);
  EXPECT_TRUE(*cut->cid().matches(as_bytes("hello")));
  const auto extended = name({.prefix = *hex_decode("01551e40"), .data = hello()});
  ASSERT_TRUE(extended.ok()) << extended.error().message;
  EXPECT_EQ(extended->cid().multihash().digest.size(), 64U);
  EXPECT_TRUE(*extended->cid().matches(as_bytes("hello")));
  const auto identity = name({.prefix = *hex_decode("01550005"), .data = hello()});
  ASSERT_TRUE(identity.ok()) << identity.error().message;
  EXPECT_TRUE(*identity->cid().matches(as_bytes("hello")));
}

// --- Limits, each at its edge ---

Bytes repeated(std::string_view hex, size_t count) {
  const Bytes one = *hex_decode(hex);
  Bytes all;
  for (size_t i = 0; i < count; ++i) all.insert(all.end(), one.begin(), one.end());
  return all;
}

TEST(BitswapMessage, HoldsEntriesToTheirLimit) {
  for (const std::string& entry :
       {with_digest("0a280a260a2401551220", ""), with_digest("22260a2401551220", ""),
        std::string("1a060a0401551220"), std::string("1200")}) {
    EXPECT_TRUE(decode(repeated(entry, kEntriesMax)).ok()) << entry;
    const auto beyond = decode(repeated(entry, kEntriesMax + 1));
    ASSERT_FALSE(beyond.ok()) << entry;
    EXPECT_EQ(beyond.error().code, ErrorCode::kLimitExceeded);
  }
}

TEST(BitswapMessage, HoldsABlockToItsLimit) {
  const auto frame_with = [](size_t bytes) {
    Bytes frame;
    protobuf::append_bytes_field(frame, 2, Bytes(bytes));
    return frame;
  };
  EXPECT_TRUE(decode(frame_with(kBlockBytesMax)).ok());
  const auto beyond = decode(frame_with(kBlockBytesMax + 1));
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().code, ErrorCode::kLimitExceeded);
}

TEST(BitswapMessage, StatesWhatAnEntryTakesAtMost) {
  Outgoing presence;
  presence.presences = {{raw_cid(), Presence::kDontHave}};
  EXPECT_EQ(join(encode(presence, Version::k120)).size(), presence_bytes(raw_cid().bytes().size()));
  Outgoing block;
  block.blocks = {Block::of_sha256(Codec::kRaw, Bytes(kBlockBytesMax))};
  EXPECT_LE(join(encode(block, Version::k120)).size(), kBlockBytesMax + kBlockFramingBytesMax);
}

TEST(BitswapMessage, ACutFrameIsAnErrorUnlessCutBetweenFields) {
  const Bytes whole = *hex_decode(with_digest("0a2e0a2c0a2401551220", "100720012801") +
                                  "1a0d0a0401551220120568656c6c6f28ac02");
  std::vector<size_t> readable;
  for (size_t size = 0; size <= whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    if (decode(cut).ok()) readable.push_back(size);
  }
  EXPECT_EQ(readable, (std::vector<size_t>{0, 48, 63, 66}));
}

}  // namespace
}  // namespace timerose::bitswap
