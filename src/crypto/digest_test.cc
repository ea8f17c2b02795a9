#include "crypto/digest.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "crypto/blake2b.h"

namespace timerose {
namespace {

// Bytes 0, 1, ..., 250, 0, 1, ...: BLAKE3's own test input.
Bytes counting(size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i % 251);
  return bytes;
}

TEST(Digest, Sha256OfFips180Examples) {
  EXPECT_EQ(hex_encode(sha256({})),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_encode(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, Sha512OfFips180Examples) {
  EXPECT_EQ(hex_encode(sha512(as_bytes("abc"))),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Digest, Blake3OfItsTestVectors) {
  EXPECT_EQ(hex_encode(blake3({})),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  EXPECT_EQ(hex_encode(blake3(as_bytes("abc"))),
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
}

TEST(Digest, LongerBlake3OutputsStartWithTheShorter) {
  const Bytes data = counting(5000);
  std::array<uint8_t, 128> longer;
  blake3_extend(data, longer);
  EXPECT_TRUE(equal(ByteView(longer).first(32), blake3(data)));
  EXPECT_FALSE(equal(ByteView(longer).last(32), blake3(data)));
}

TEST(Digest, Blake2bAcrossItsBlocks) {
  EXPECT_EQ(hex_encode(blake2b_256({})),
            "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  EXPECT_EQ(hex_encode(blake2b_256(as_bytes("abc"))),
            "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  EXPECT_EQ(hex_encode(blake2b_256(counting(128))),
            "c3582f71ebb2be66fa5dd750f80baae97554f3b015663c8be377cfcb2488c1d1");
  EXPECT_EQ(hex_encode(blake2b_256(counting(1000))),
            "b372d0608f720c8c3dd41e9c8eecb10143b41abe520b616607e754bf79c08331");
}

TEST(Sha256, InPartsGivesTheDigestOfTheWhole) {
  const Bytes data = counting(1000);
  for (const size_t part : {1, 63, 64, 65, 999, 1000}) {
    Sha256 hash;
    for (ByteView rest = data; !rest.empty();) {
      const size_t count = std::min(part, rest.size());
      hash.update(rest.first(count));
      rest = rest.subspan(count);
    }
    EXPECT_EQ(hash.finish(), sha256(data)) << part;
  }
}

TEST(Sha256, ACopyContinuesFromTheSameState) {
  Sha256 first;
  first.update(as_bytes("ab"));
  Sha256 second = first;
  first.update(as_bytes("c"));
  second.update(as_bytes("d"));
  EXPECT_EQ(first.finish(), sha256(as_bytes("abc")));
  EXPECT_EQ(second.finish(), sha256(as_bytes("abd")));
}

}  // namespace
}  // namespace timerose
