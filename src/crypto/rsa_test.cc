#include "crypto/rsa.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace timerose {
namespace {

// A key pair of the test's own, and its public half as libp2p has it.
class Pair {
 public:
  explicit Pair(unsigned bits) : key_(EVP_RSA_gen(bits), EVP_PKEY_free) {
    der.resize(static_cast<size_t>(i2d_PUBKEY(key_.get(), nullptr)));
    uint8_t* at = der.data();
    i2d_PUBKEY(key_.get(), &at);
  }
  Bytes sign(ByteView message) const {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    size_t length = 0;
    EXPECT_EQ(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_.get()), 1);
    EXPECT_EQ(EVP_DigestSign(context, nullptr, &length, message.data(), message.size()), 1);
    Bytes signature(length);
    EXPECT_EQ(EVP_DigestSign(context, signature.data(), &length, message.data(), message.size()),
              1);
    EVP_MD_CTX_free(context);
    return signature;
  }

  Bytes der;

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

TEST(RsaPublicKey, AcceptsItsOwnSignatureAndNoOther) {
  const Pair pair(2048);
  const auto key = RsaPublicKey::decode(pair.der);
  ASSERT_TRUE(key.ok()) << key.error().message;
  Bytes signature = pair.sign(as_bytes("a record"));
  EXPECT_TRUE(key->verify(as_bytes("a record"), signature));
  EXPECT_FALSE(key->verify(as_bytes("another"), signature));
  signature.back() ^= 1;
  EXPECT_FALSE(key->verify(as_bytes("a record"), signature));
  EXPECT_FALSE(key->verify(as_bytes("a record"), {}));
}

TEST(RsaPublicKey, RefusesWhatIsNoKeyOrTooShort) {
  EXPECT_EQ(RsaPublicKey::decode({}).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(RsaPublicKey::decode(as_bytes("nonsense")).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(RsaPublicKey::decode(Pair(1024).der).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(RsaPublicKey::decode(Bytes(3000)).error().code, ErrorCode::kUnsupported);
  Bytes longer = Pair(2048).der;
  longer.push_back(0);
  EXPECT_EQ(RsaPublicKey::decode(longer).error().code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace timerose
