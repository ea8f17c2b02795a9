#include "multiformats/multihash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hex.h"
#include "multiformats/varint.h"

namespace timerose {
namespace {

using ::testing::HasSubstr;

constexpr HashCode kEveryCode[] = {HashCode::kIdentity, HashCode::kSha2_256, HashCode::kSha2_512,
                                   HashCode::kBlake3, HashCode::kBlake2b256};

Bytes announcing(uint64_t code, size_t length, size_t present) {
  Bytes bytes;
  varint_append(bytes, code);
  varint_append(bytes, length);
  bytes.insert(bytes.end(), present, 0xaa);
  return bytes;
}

Error multihash_error(ByteView bytes) {
  auto taken = multihash_take(bytes);
  EXPECT_FALSE(taken.ok());
  return taken.ok() ? Error{} : taken.error();
}

TEST(Multihash, OfDataMatchesItAndNothingElse) {
  for (const HashCode code : kEveryCode) {
    auto encoded = multihash_of(code, as_bytes("hello"));
    ASSERT_TRUE(encoded.ok());
    ByteView rest = *encoded;
    auto parsed = multihash_take(rest);
    ASSERT_TRUE(parsed.ok());
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(parsed->code, static_cast<uint64_t>(code));
    EXPECT_TRUE(*multihash_matches(*parsed, as_bytes("hello"))) << hash_name(code);
    EXPECT_FALSE(*multihash_matches(*parsed, as_bytes("hellp"))) << hash_name(code);
    Bytes again;
    multihash_append(again, parsed->code, parsed->digest);
    EXPECT_EQ(again, *encoded);
  }
}

TEST(Multihash, NamesTheFunctionAndTheLength) {
  EXPECT_EQ(hex_encode(*multihash_of(HashCode::kSha2_256, as_bytes("abc"))),
            "1220ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_encode(*multihash_of(HashCode::kIdentity, as_bytes("abc"))), "0003616263");
}

TEST(Multihash, TakesOneOffTheFront) {
  Bytes bytes = *multihash_of(HashCode::kSha2_256, {});
  bytes.push_back(7);
  ByteView rest = bytes;
  ASSERT_TRUE(multihash_take(rest).ok());
  EXPECT_EQ(rest.size(), 1U);
}

TEST(Multihash, RefusesATruncatedDigest) {
  EXPECT_THAT(multihash_error(announcing(0x12, 32, 31)).message,
              HasSubstr("32 bytes, but only 31 follow"));
  EXPECT_EQ(multihash_error({}).code, ErrorCode::kMalformed);
  EXPECT_EQ(multihash_error(Bytes{0x12}).code, ErrorCode::kMalformed);
}

TEST(Multihash, LimitsTheDigestAtItsEdge) {
  ByteView rest;
  const Bytes longest = announcing(0x12, kDigestBytesMax, kDigestBytesMax);
  rest = longest;
  EXPECT_TRUE(multihash_take(rest).ok());
  EXPECT_EQ(multihash_error(announcing(0x12, kDigestBytesMax + 1, kDigestBytesMax + 1)).code,
            ErrorCode::kMalformed);
  EXPECT_EQ(multihash_error(announcing(0, kIdentityDigestBytesMax + 1, 200)).code,
            ErrorCode::kMalformed);
  EXPECT_EQ(multihash_error(announcing(0x12, INT64_MAX, 40)).code, ErrorCode::kMalformed);
}

TEST(Multihash, LimitsAnIdentityAtItsEdge) {
  EXPECT_TRUE(multihash_of(HashCode::kIdentity, Bytes(kIdentityDigestBytesMax)).ok());
  auto over = multihash_of(HashCode::kIdentity, Bytes(kIdentityDigestBytesMax + 1));
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().code, ErrorCode::kLimitExceeded);
  EXPECT_THAT(over.error().message, HasSubstr("use sha2-256"));
}

TEST(Multihash, OfAnUnknownFunctionIsParsedButNotComputed) {
  const Bytes sha1 = announcing(0x11, 20, 20);
  ByteView rest = sha1;
  auto parsed = multihash_take(rest);
  ASSERT_TRUE(parsed.ok());
  auto matches = multihash_matches(*parsed, {});
  ASSERT_FALSE(matches.ok());
  EXPECT_EQ(matches.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(matches.error().message, HasSubstr("0x11"));
}

TEST(Multihash, TrustsACutDigestDownToItsLimit) {
  const Bytes whole = *multihash_of(HashCode::kSha2_256, as_bytes("abc"));
  const ByteView digest = ByteView(whole).subspan(2);
  EXPECT_TRUE(*multihash_matches({0x12, digest.first(kTrustedDigestBytesMin)}, as_bytes("abc")));
  EXPECT_FALSE(*multihash_matches({0x12, digest.first(kTrustedDigestBytesMin)}, as_bytes("abd")));
  for (const size_t size : {size_t{0}, kTrustedDigestBytesMin - 1}) {
    EXPECT_EQ(multihash_matches({0x12, digest.first(size)}, as_bytes("abc")).error().code,
              ErrorCode::kUnsupported);
  }
  Bytes longer = to_bytes(digest);
  longer.push_back(0);
  EXPECT_FALSE(*multihash_matches({0x12, longer}, as_bytes("abc")));
}

TEST(Multihash, NamesOfFunctionsAreInverses) {
  for (const HashCode code : kEveryCode) EXPECT_EQ(*hash_named(hash_name(code)), code);
  auto unknown = hash_named("md5");
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().message, HasSubstr("sha2-256"));
}

}  // namespace
}  // namespace timerose
