// The hash functions that content is named by.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace timerose {

using Sha256Digest = std::array<uint8_t, 32>;
using Sha512Digest = std::array<uint8_t, 64>;
using Blake3Digest = std::array<uint8_t, 32>;

// One-shot digests. None allocates; sha256 of 96 bytes takes about 80 ns with SHA-NI.
Sha256Digest sha256(ByteView data);
Sha512Digest sha512(ByteView data);
Blake3Digest blake3(ByteView data);

// The first out.size() bytes of BLAKE3's output, which has no end; blake3() is its first 32.
void blake3_extend(ByteView data, std::span<uint8_t> out);

// SHA-256 fed in parts. Copyable: a copy continues from the same state.
class Sha256 {
 public:
  Sha256();
  void update(ByteView data);
  // The digest of all that was fed; the object may not be used after.
  Sha256Digest finish();

 private:
  alignas(8) std::array<uint8_t, 128> state_;  // OpenSSL's SHA256_CTX
};

}  // namespace timerose
