#include "multiformats/peer_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hex.h"

namespace timerose {
namespace {

using ::testing::HasSubstr;

// The Ed25519 example of libp2p's peer-id specification.
constexpr const char* kPeer = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
constexpr const char* kPeerCid =
    "bafzaajaiaejcal72gwuz2or47oyxxn6b3rkwdmmkrxgkjxzy3rqt5kczyn7lcm3l";
constexpr const char* kPeerKey = "2ffa35a99d3a3cfbb17bb7c1dc5561b18a8dcca4df38dc613ea859c37eb1336b";

PublicKey key_of(std::string_view hex) {
  PublicKey key;
  const Bytes bytes = *hex_decode(hex);
  std::copy(bytes.begin(), bytes.end(), key.bytes.begin());
  return key;
}

TEST(PeerId, OfAKeyIsWhatLibp2pSays) {
  const PublicKey key = key_of(kPeerKey);
  EXPECT_EQ(PeerId::of(key).to_string(), kPeer);
  EXPECT_EQ(PeerId::of(key).to_cid().to_string(), kPeerCid);
  EXPECT_EQ(*PeerId::of(key).public_key(), key);
}

TEST(PeerId, IsParsedFromEitherForm) {
  const PeerId id = PeerId::of(key_of(kPeerKey));
  for (const std::string& text :
       {std::string(kPeer), std::string(kPeerCid), id.to_cid().to_string(Multibase::kBase36)}) {
    auto parsed = PeerId::parse(text);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(*parsed, id);
  }
  EXPECT_EQ(*PeerId::decode(id.bytes()), id);
}

TEST(PeerId, OfAHashedKeyHoldsNoKey) {
  auto id = PeerId::parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
  ASSERT_TRUE(id.ok()) << id.error().message;
  EXPECT_EQ(id->to_string(), "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
  EXPECT_EQ(id->public_key().error().code, ErrorCode::kUnsupported);
}

TEST(PeerId, SaysWhatIsWrong) {
  for (const char* text : {"", "12D3Koo", "QmYyQ", "hello",
                           "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"}) {
    auto id = PeerId::parse(text);
    ASSERT_FALSE(id.ok()) << text;
    EXPECT_EQ(id.error().code, ErrorCode::kMalformed) << text;
    EXPECT_THAT(id.error().message, HasSubstr("is not a PeerID")) << text;
  }
  EXPECT_FALSE(PeerId::decode(*multihash_of(HashCode::kSha2_512, {})).ok());
  EXPECT_FALSE(PeerId::decode({}).ok());
}

// The first example of the did:key specification's Ed25519 section.
TEST(DidKey, OfAKeyIsWhatTheSpecificationSays) {
  const PublicKey key = key_of("2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6");
  constexpr const char* kDid = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
  EXPECT_EQ(did_key_format(key), kDid);
  auto parsed = did_key_parse(kDid);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, key);
}

TEST(DidKey, RefusesOtherKeysAndForms) {
  for (const char* text : {"", "did:web:example.org", "did:key:", "did:key:z6Mk",
                           "did:key:f"
                           "ed012e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6",
                           "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"}) {
    EXPECT_FALSE(did_key_parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace timerose
