#include "crypto/keystream.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/hex.h"

namespace timerose {
namespace {

std::array<uint8_t, 32> key_of(uint8_t last) {
  std::array<uint8_t, 32> key{};
  key[31] = last;
  return key;
}

Bytes first_bytes(const std::array<uint8_t, 32>& key, size_t size) {
  Keystream stream(key);
  Bytes out(size);
  stream.fill(out);
  return out;
}

TEST(Keystream, IsChaCha20WithNonceZero) {
  // RFC 8439 appendix A.1, test vectors 1 and 2: blocks 0 and 1 of the key of zeros.
  EXPECT_EQ(hex_encode(first_bytes(key_of(0), 128)),
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
            "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
            "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
            "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
}

TEST(Keystream, DependsOnTheKey) {
  // RFC 8439 appendix A.1, test vector 3: block 1 of the key that ends in 1.
  EXPECT_EQ(hex_encode(ByteView(first_bytes(key_of(1), 128)).last(64)),
            "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
            "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0");
}

TEST(Keystream, DoesNotDependOnHowItIsCutIntoCalls) {
  const Bytes whole = first_bytes(key_of(7), 1000);
  for (const size_t part : {1, 3, 63, 64, 65, 200}) {
    Keystream stream(key_of(7));
    Bytes joined;
    while (joined.size() < whole.size()) {
      Bytes piece(std::min(part, whole.size() - joined.size()));
      stream.fill(piece);
      stream.fill({});
      joined.insert(joined.end(), piece.begin(), piece.end());
    }
    EXPECT_EQ(joined, whole) << part;
  }
}

}  // namespace
}  // namespace timerose
