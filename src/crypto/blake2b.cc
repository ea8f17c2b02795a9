#include "crypto/blake2b.h"

#include <algorithm>
#include <bit>

namespace timerose {
namespace {

static_assert(std::endian::native == std::endian::little, "words are loaded as they lie");

constexpr size_t kBlockBytes = 128;
constexpr int kRounds = 12;
using Words = std::array<uint64_t, 8>;

// RFC 7693 section 2.6: the same as SHA-512's.
constexpr Words kStart{0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                       0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                       0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

// Section 2.7: which word of the message each step takes; rounds 10 and 11 are 0 and 1 again.
constexpr uint8_t kSchedule[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

void mix(uint64_t& a, uint64_t& b, uint64_t& c, uint64_t& d, uint64_t x, uint64_t y) {
  a += b + x, d = std::rotr(d ^ a, 32);
  c += d, b = std::rotr(b ^ c, 24);
  a += b + y, d = std::rotr(d ^ a, 16);
  c += d, b = std::rotr(b ^ c, 63);
}

// Takes one block in; `fed` counts the bytes up to its end.
void compress(Words& state, const uint8_t* block, uint64_t fed, bool last) {
  std::array<uint64_t, 16> m;
  std::memcpy(m.data(), block, kBlockBytes);
  std::array<uint64_t, 16> v;
  std::copy(state.begin(), state.end(), v.begin());
  std::copy(kStart.begin(), kStart.end(), v.begin() + 8);
  v[12] ^= fed;
  if (last) v[14] = ~v[14];
  for (int round = 0; round < kRounds; ++round) {
    const uint8_t* s = kSchedule[round % 10];
    mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
    mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
    mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
    mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
    mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
    mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
    mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
    mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
  }
  for (size_t i = 0; i < state.size(); ++i) state[i] ^= v[i] ^ v[i + 8];
}

}  // namespace

Blake2b256Digest blake2b_256(ByteView data) {
  Words state = kStart;
  // Section 2.5: digest length, no key, fan-out and depth 1.
  state[0] ^= 0x01010000 ^ sizeof(Blake2b256Digest);
  uint64_t fed = 0;
  while (data.size() > kBlockBytes) {
    fed += kBlockBytes;
    compress(state, data.data(), fed, false);
    data = data.subspan(kBlockBytes);
  }
  // The last block is filled with zeros; of no data at all it is one of zeros.
  std::array<uint8_t, kBlockBytes> tail{};
  std::copy(data.begin(), data.end(), tail.begin());
  compress(state, tail.data(), fed + data.size(), true);
  Blake2b256Digest digest;
  std::memcpy(digest.data(), state.data(), digest.size());
  return digest;
}

}  // namespace timerose
