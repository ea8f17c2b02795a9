// OpenSSL 3 marks its low-level hashing as deprecated; its replacement looks the algorithm up at
// each call, which costs three times the digest of a small block.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/digest.h"

#include <openssl/sha.h>

#include <new>
#include <type_traits>

#include "timerose_bridge.h"

namespace timerose {
namespace {

SHA256_CTX* context_of(std::array<uint8_t, 128>& state) {
  static_assert(sizeof(SHA256_CTX) <= 128 && alignof(SHA256_CTX) <= 8);
  static_assert(std::is_trivially_copyable_v<SHA256_CTX>);
  return std::launder(reinterpret_cast<SHA256_CTX*>(state.data()));
}

}  // namespace

Sha256Digest sha256(ByteView data) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, data.data(), data.size());
  Sha256Digest digest;
  SHA256_Final(digest.data(), &context);
  return digest;
}

Sha512Digest sha512(ByteView data) {
  SHA512_CTX context;
  SHA512_Init(&context);
  SHA512_Update(&context, data.data(), data.size());
  Sha512Digest digest;
  SHA512_Final(digest.data(), &context);
  return digest;
}

Blake3Digest blake3(ByteView data) {
  Blake3Digest digest;
  blake3_extend(data, digest);
  return digest;
}

void blake3_extend(ByteView data, std::span<uint8_t> out) {
  timerose_blake3(data.data(), data.size(), out.data(), out.size());
}

Sha256::Sha256() {
  ::new (state_.data()) SHA256_CTX;
  SHA256_Init(context_of(state_));
}

void Sha256::update(ByteView data) { SHA256_Update(context_of(state_), data.data(), data.size()); }

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  SHA256_Final(digest.data(), context_of(state_));
  return digest;
}

}  // namespace timerose
