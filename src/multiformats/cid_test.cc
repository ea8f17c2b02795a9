#include "multiformats/cid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/hex.h"
#include "base/random.h"

namespace timerose {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// The file "hello\n" as a version 0 dag-pb node, and the empty raw block: both are known
// everywhere.
constexpr const char* kHelloV0 = "QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN";
constexpr const char* kEmptyRaw = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

Error error_of(std::string_view text) {
  auto cid = Cid::parse(text);
  EXPECT_FALSE(cid.ok()) << text;
  return cid.ok() ? Error{} : cid.error();
}

Cid sample(HashCode hash, size_t size) {
  Bytes data(size);
  SeededRandom(size).fill(data);
  return *Cid::of(Codec::kDagCbor, hash, data);
}

TEST(Cid, OfDataIsWhatEveryImplementationSays) {
  EXPECT_EQ(Cid::of_sha256(Codec::kRaw, {}).to_string(), kEmptyRaw);
  EXPECT_EQ(Cid::of(Codec::kRaw, HashCode::kSha2_256, {})->to_string(), kEmptyRaw);
}

TEST(Cid, FormatsWhatItParsed) {
  for (const char* text : {kHelloV0, kEmptyRaw}) {
    auto cid = Cid::parse(text);
    ASSERT_TRUE(cid.ok()) << cid.error().message;
    EXPECT_EQ(cid->to_string(), text);
  }
}

TEST(Cid, DecodesItsBytesAndParsesItsTextInEveryBase) {
  for (const HashCode hash : {HashCode::kIdentity, HashCode::kSha2_256, HashCode::kSha2_512,
                              HashCode::kBlake3, HashCode::kBlake2b256}) {
    for (const size_t size : {0, 1, 40, 128}) {
      const Cid cid = sample(hash, size);
      EXPECT_EQ(*Cid::decode(cid.bytes()), cid);
      for (const char prefix : std::string_view("079fFvVtTbBcChkKzZmMuU\0", 23)) {
        const std::string text = cid.to_string(static_cast<Multibase>(prefix));
        auto parsed = Cid::parse(text);
        ASSERT_TRUE(parsed.ok()) << parsed.error().message;
        EXPECT_EQ(*parsed, cid);
      }
    }
  }
}

TEST(Cid, KnowsItsParts) {
  const Cid v0 = *Cid::parse(kHelloV0);
  EXPECT_EQ(v0.version(), 0);
  EXPECT_EQ(v0.codec(), Codec::kDagPb);
  EXPECT_EQ(v0.bytes().size(), 34U);
  EXPECT_EQ(v0.multihash().code, 0x12U);
  EXPECT_EQ(v0.multihash().digest.size(), 32U);
  const Cid json = *Cid::of(Codec::kDagJson, HashCode::kSha2_512, as_bytes("{}"));
  EXPECT_EQ(json.version(), 1);
  EXPECT_EQ(json.codec(), Codec::kDagJson);
  EXPECT_EQ(json.bytes().size(), 1U + 2U + 2U + 64U);
  EXPECT_EQ(json.multihash().digest.size(), 64U);
}

TEST(Cid, ChangesVersionAndBack) {
  const Cid v0 = *Cid::parse(kHelloV0);
  const Cid v1 = v0.as_v1();
  EXPECT_EQ(v1.version(), 1);
  EXPECT_THAT(v1.to_string(), StartsWith("bafybei"));
  EXPECT_TRUE(equal(v1.multihash_bytes(), v0.multihash_bytes()));
  EXPECT_EQ(*v1.as_v0(), v0);
  EXPECT_EQ(v1.as_v1(), v1);
  EXPECT_EQ(*v0.as_v0(), v0);
  auto refused = Cid::of_sha256(Codec::kRaw, {}).as_v0();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message, HasSubstr("dag-pb"));
}

TEST(Cid, OfVersionZeroHasOnlyTheOneText) {
  EXPECT_EQ(Cid::parse(kHelloV0)->to_string(Multibase::kBase32), kHelloV0);
  EXPECT_THAT(error_of(std::string("z") + kHelloV0).message, HasSubstr("no base prefix"));
}

TEST(Cid, MakesOnlyValidOnes) {
  const Bytes sha512 = *multihash_of(HashCode::kSha2_512, {});
  EXPECT_EQ(Cid::make(0, Codec::kDagPb, sha512).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Cid::make(2, Codec::kDagPb, sha512).error().code, ErrorCode::kInvalidArgument);
  Bytes longer = sha512;
  longer.push_back(0);
  EXPECT_EQ(Cid::make(1, Codec::kDagPb, longer).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(Cid::make(1, Codec::kDagPb, {}).error().code, ErrorCode::kMalformed);
}

TEST(Cid, RefusesMalformedBytes) {
  const std::string digest(64, '0');
  for (const std::string& hex : {std::string(), std::string("01"), std::string("0155"),
                                 "01551220" + digest.substr(2), "01551220" + digest + "00",
                                 "0055"
                                 "1220" +
                                     digest,
                                 "0255"
                                 "1220" +
                                     digest,
                                 "8100"
                                 "551220" +
                                     digest,
                                 "01d500"
                                 "1220" +
                                     digest,
                                 "1220" + digest.substr(2), "1220" + digest + "00",
                                 std::string("0155ffffffffffffffffff01")}) {
    auto cid = Cid::decode(*hex_decode(hex));
    ASSERT_FALSE(cid.ok()) << hex;
    EXPECT_EQ(cid.error().code, ErrorCode::kMalformed) << hex;
  }
}

TEST(Cid, TakesOneOffTheFront) {
  for (const Cid& cid : {*Cid::parse(kHelloV0), *Cid::parse(kEmptyRaw)}) {
    Bytes bytes = to_bytes(cid.bytes());
    bytes.push_back(0xff);
    ByteView rest = bytes;
    auto taken = Cid::take(rest);
    ASSERT_TRUE(taken.ok());
    EXPECT_EQ(*taken, cid);
    EXPECT_EQ(rest.size(), 1U);
  }
}

TEST(Cid, SaysWhatIsWrongWithAText) {
  EXPECT_THAT(error_of("Qmfoo").message, StartsWith("'Qmfoo' is not a CID: "));
  EXPECT_THAT(error_of("Qmfoo").message, HasSubstr("46 characters, found 5"));
  EXPECT_THAT(error_of("").message, HasSubstr("empty"));
  EXPECT_THAT(error_of("hello.txt").message, HasSubstr("is not a CID"));
  EXPECT_THAT(error_of(std::string(kEmptyRaw) + "aa").message, HasSubstr("1 bytes after a CID"));
  EXPECT_EQ(error_of("Qmfoo").code, ErrorCode::kMalformed);
}

TEST(Cid, ShowsUnprintableAndLongTextSafely) {
  EXPECT_THAT(error_of("b\x1b[31m").message, HasSubstr("'b?[31m'"));
  const Error error = error_of("b" + std::string(1 << 20, 'a'));
  EXPECT_LT(error.message.size(), 300U);
  EXPECT_THAT(error.message, HasSubstr("1048577 characters"));
}

TEST(Cid, AcceptsEitherCaseOfBase32) {
  std::string upper = kEmptyRaw;
  std::transform(upper.begin() + 1, upper.end(), upper.begin() + 1, ::toupper);
  EXPECT_EQ(Cid::parse(upper)->to_string(), kEmptyRaw);
}

TEST(Cid, MatchesItsDataOnly) {
  const Cid cid = Cid::of_sha256(Codec::kRaw, as_bytes("data"));
  EXPECT_TRUE(*cid.matches(as_bytes("data")));
  EXPECT_FALSE(*cid.matches(as_bytes("date")));
}

TEST(Cid, IsOrderedByItsBytesAndHashedWell) {
  std::vector<Cid> cids;
  for (size_t i = 0; i < 50; ++i) cids.push_back(sample(HashCode::kSha2_256, i));
  cids.push_back(sample(HashCode::kSha2_512, 9));
  cids.push_back(sample(HashCode::kIdentity, 0));
  std::sort(cids.begin(), cids.end());
  std::vector<size_t> hashes;
  for (size_t i = 0; i + 1 < cids.size(); ++i) {
    EXPECT_LT(hex_encode(cids[i].bytes()), hex_encode(cids[i + 1].bytes()));
    hashes.push_back(std::hash<Cid>{}(cids[i]));
  }
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::adjacent_find(hashes.begin(), hashes.end()), hashes.end());
  const Cid copy = cids[3];
  EXPECT_EQ(std::hash<Cid>{}(copy), std::hash<Cid>{}(cids[3]));
}

TEST(Codec, NamesAreInverses) {
  for (const Codec codec : {Codec::kCbor, Codec::kRaw, Codec::kDagPb, Codec::kDagCbor,
                            Codec::kLibp2pKey, Codec::kDagJson, Codec::kJson}) {
    EXPECT_EQ(*codec_named(codec_name(codec)), codec);
  }
  EXPECT_EQ(codec_name(static_cast<Codec>(0x1234)), "codec-0x1234");
  auto unknown = codec_named("yaml");
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().message, HasSubstr("dag-cbor"));
}

}  // namespace
}  // namespace timerose
