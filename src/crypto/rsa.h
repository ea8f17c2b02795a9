// RSA signatures of other nodes: checked, never made.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose {

// A public key as libp2p has it: PKIX DER ("SubjectPublicKeyInfo"). Thread-safe.
class RsaPublicKey {
 public:
  // Shorter ones can be broken, longer ones are a way to keep the reader busy.
  static constexpr int kBitsMin = 2048;
  static constexpr int kBitsMax = 8192;
  static constexpr size_t kDerBytesMax = 2048;

  // kMalformed for what is no RSA key, kUnsupported for one of another length.
  static Result<RsaPublicKey> decode(ByteView der);

  // RSASSA-PKCS1-v1_5 over sha2-256.
  [[nodiscard]] bool verify(ByteView message, ByteView signature) const;

 private:
  struct Key;
  explicit RsaPublicKey(std::shared_ptr<const Key> key) : key_(std::move(key)) {}
  std::shared_ptr<const Key> key_;
};

}  // namespace timerose
