#include "unixfs/murmur3.h"

#include <bit>
#include <cstring>

namespace timerose::unixfs {
namespace {

inline constexpr uint64_t kC1 = 0x87c37b91114253d5U;
inline constexpr uint64_t kC2 = 0x4cf5ad432745937fU;
inline constexpr size_t kStep = 16;

static_assert(std::endian::native == std::endian::little);

uint64_t mix_low(uint64_t k) { return std::rotl(k * kC1, 31) * kC2; }
uint64_t mix_high(uint64_t k) { return std::rotl(k * kC2, 33) * kC1; }

uint64_t finalize(uint64_t k) {
  k = (k ^ (k >> 33)) * 0xff51afd7ed558ccdU;
  k = (k ^ (k >> 33)) * 0xc4ceb9fe1a85ec53U;
  return k ^ (k >> 33);
}

}  // namespace

uint64_t murmur3_x64_64(ByteView data) {
  const uint64_t length = data.size();
  uint64_t h1 = 0;
  uint64_t h2 = 0;
  uint64_t k[2];
  for (; data.size() >= kStep; data = data.subspan(kStep)) {
    std::memcpy(k, data.data(), kStep);
    h1 = (std::rotl(h1 ^ mix_low(k[0]), 27) + h2) * 5 + 0x52dce729;
    h2 = (std::rotl(h2 ^ mix_high(k[1]), 31) + h1) * 5 + 0x38495ab5;
  }
  k[0] = k[1] = 0;
  if (!data.empty()) std::memcpy(k, data.data(), data.size());
  h2 ^= mix_high(k[1]) ^ length;
  h1 ^= mix_low(k[0]) ^ length;
  h1 += h2;
  h2 += h1;
  return finalize(h1) + finalize(h2);
}

}  // namespace timerose::unixfs
