#include "crypto/keystream.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace timerose {
namespace {

static_assert(std::endian::native == std::endian::little, "words are loaded as they lie");

void quarter_round(uint32_t& a, uint32_t& b, uint32_t& c, uint32_t& d) {
  a += b, d = std::rotl(d ^ a, 16);
  c += d, b = std::rotl(b ^ c, 12);
  a += b, d = std::rotl(d ^ a, 8);
  c += d, b = std::rotl(b ^ c, 7);
}

}  // namespace

void Keystream::refill() {
  // RFC 8439 section 2.3, nonce zero. The block counter takes the nonce's first word as its upper
  // half, so that the stream goes on past 256 GiB.
  std::array<uint32_t, 16> start{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  std::memcpy(&start[4], key_.data(), key_.size());
  start[12] = static_cast<uint32_t>(counter_);
  start[13] = static_cast<uint32_t>(counter_ >> 32);

  std::array<uint32_t, 16> x = start;
  for (int round = 0; round < 20; round += 2) {
    quarter_round(x[0], x[4], x[8], x[12]);
    quarter_round(x[1], x[5], x[9], x[13]);
    quarter_round(x[2], x[6], x[10], x[14]);
    quarter_round(x[3], x[7], x[11], x[15]);
    quarter_round(x[0], x[5], x[10], x[15]);
    quarter_round(x[1], x[6], x[11], x[12]);
    quarter_round(x[2], x[7], x[8], x[13]);
    quarter_round(x[3], x[4], x[9], x[14]);
  }
  for (size_t i = 0; i < x.size(); ++i) x[i] += start[i];
  std::memcpy(block_.data(), x.data(), block_.size());
  ++counter_;
  used_ = 0;
}

void Keystream::fill(std::span<uint8_t> out) {
  while (!out.empty()) {
    if (used_ == block_.size()) refill();
    const size_t count = std::min(out.size(), block_.size() - used_);
    std::memcpy(out.data(), block_.data() + used_, count);
    used_ += count;
    out = out.subspan(count);
  }
}

}  // namespace timerose
