#include "crypto/key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

namespace timerose {
namespace {

// libp2p's PrivateKey message: Type (field 1) = Ed25519 (1), Data (field 2) = 64 bytes.
constexpr std::array<uint8_t, 4> kProtobufHead{0x08, 0x01, 0x12, 0x40};
constexpr size_t kSeedBytes = 32;
constexpr size_t kPublicBytes = 32;
constexpr size_t kEncodedBytes = kProtobufHead.size() + kSeedBytes + kPublicBytes;

struct ContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextFree>;
using Key = std::unique_ptr<EVP_PKEY, ContextFree>;

Error malformed(std::string why) { return {ErrorCode::kMalformed, std::move(why)}; }

}  // namespace

bool PublicKey::verify(ByteView message, ByteView signature) const {
  if (signature.size() != Signature{}.size()) return false;
  const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()));
  const Context context(EVP_MD_CTX_new());
  return key && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

struct PrivateKey::Handle {
  std::array<uint8_t, kSeedBytes> seed;
  Key key;
  ~Handle() { OPENSSL_cleanse(seed.data(), seed.size()); }
};

PrivateKey::PrivateKey(const std::array<uint8_t, 32>& seed) : handle_(std::make_unique<Handle>()) {
  handle_->seed = seed;
  handle_->key.reset(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  size_t size = public_key_.bytes.size();
  CHECK(handle_->key &&
        EVP_PKEY_get_raw_public_key(handle_->key.get(), public_key_.bytes.data(), &size) == 1 &&
        size == kPublicBytes);
}

PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

PrivateKey PrivateKey::from_seed(const std::array<uint8_t, 32>& seed) { return PrivateKey(seed); }

PrivateKey PrivateKey::generate(Random& random) {
  std::array<uint8_t, kSeedBytes> seed;
  random.fill(seed);
  PrivateKey key(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  return key;
}

Result<PrivateKey> PrivateKey::decode(ByteView protobuf) {
  if (protobuf.size() != kEncodedBytes) {
    return malformed("a private key was expected (" + std::to_string(kEncodedBytes) +
                     " bytes, libp2p's form of Ed25519), found " + std::to_string(protobuf.size()) +
                     " bytes");
  }
  if (!std::equal(kProtobufHead.begin(), kProtobufHead.end(), protobuf.begin())) {
    return malformed("not an Ed25519 private key: it does not start with 08 01 12 40");
  }
  std::array<uint8_t, kSeedBytes> seed;
  std::copy_n(protobuf.begin() + kProtobufHead.size(), seed.size(), seed.begin());
  PrivateKey key(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  if (!equal(protobuf.last(kPublicBytes), key.public_key().bytes)) {
    return malformed("damaged private key: its public half does not belong to its seed");
  }
  return key;
}

Bytes PrivateKey::encode() const {
  Bytes out;
  out.reserve(kEncodedBytes);
  out.insert(out.end(), kProtobufHead.begin(), kProtobufHead.end());
  out.insert(out.end(), handle_->seed.begin(), handle_->seed.end());
  out.insert(out.end(), public_key_.bytes.begin(), public_key_.bytes.end());
  return out;
}

Signature PrivateKey::sign(ByteView message) const {
  const Context context(EVP_MD_CTX_new());
  Signature signature;
  size_t size = signature.size();
  CHECK(context &&
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, handle_->key.get()) == 1 &&
        EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) ==
            1 &&
        size == signature.size());
  return signature;
}

}  // namespace timerose
