// Ed25519 keys: a node's identity and its signatures.
#pragma once

#include <array>
#include <filesystem>
#include <memory>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"

namespace timerose {

using Signature = std::array<uint8_t, 64>;

// The 32 bytes of RFC 8032.
struct PublicKey {
  std::array<uint8_t, 32> bytes{};
  bool operator==(const PublicKey&) const = default;

  [[nodiscard]] bool verify(ByteView message, ByteView signature) const;
};

// A private key; its seed never leaves it but by encode(). Movable, thread-safe for signing.
class PrivateKey {
 public:
  static PrivateKey generate(Random& random);
  static PrivateKey from_seed(const std::array<uint8_t, 32>& seed);

  // libp2p's protobuf form (type 1 = Ed25519, data = seed || public key). Inverses.
  static Result<PrivateKey> decode(ByteView protobuf);
  [[nodiscard]] Bytes encode() const;

  // The file of an identity: created with mode 0600 where absent. A file that others may read or
  // write is kPermission, with the chmod that mends it; a damaged one is kMalformed.
  static Result<PrivateKey> load_or_create(const std::filesystem::path& path, Random& random);
  static Result<PrivateKey> load(const std::filesystem::path& path);
  [[nodiscard]] Status save(const std::filesystem::path& path) const;

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Signature sign(ByteView message) const;

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

 private:
  struct Handle;
  explicit PrivateKey(const std::array<uint8_t, 32>& seed);
  std::unique_ptr<Handle> handle_;
  PublicKey public_key_;
};

}  // namespace timerose
