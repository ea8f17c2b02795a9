#include "crypto/rsa.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace timerose {

struct RsaPublicKey::Key {
  explicit Key(EVP_PKEY* owned) : pkey(owned) {}
  ~Key() { EVP_PKEY_free(pkey); }
  Key(const Key&) = delete;
  EVP_PKEY* const pkey;
};

Result<RsaPublicKey> RsaPublicKey::decode(ByteView der) {
  if (der.size() > kDerBytesMax) {
    return Error{ErrorCode::kUnsupported, fmt::format("an RSA key of {} bytes, expected {} at most",
                                                      der.size(), kDerBytesMax)};
  }
  const uint8_t* at = der.data();
  EVP_PKEY* const parsed = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
  if (parsed == nullptr) return Error{ErrorCode::kMalformed, "an RSA key that is no PKIX DER"};
  auto key = std::make_shared<const Key>(parsed);
  if (at != der.data() + der.size() || EVP_PKEY_base_id(parsed) != EVP_PKEY_RSA) {
    return Error{ErrorCode::kMalformed, "bytes that are not one RSA key in PKIX DER"};
  }
  const int bits = EVP_PKEY_bits(parsed);
  if (bits < kBitsMin || bits > kBitsMax) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("an RSA key of {} bits, expected {} to {}", bits, kBitsMin, kBitsMax)};
  }
  return RsaPublicKey(std::move(key));
}

bool RsaPublicKey::verify(ByteView message, ByteView signature) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_PKEY_CTX* padding = nullptr;
  if (context == nullptr ||
      EVP_DigestVerifyInit(context.get(), &padding, EVP_sha256(), nullptr, key_->pkey) != 1) {
    return false;
  }
  return EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace timerose
