// The ChaCha20 keystream (RFC 8439) of a 32-byte key: a guest's deterministic randomness.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace timerose {

class Keystream {
 public:
  explicit Keystream(const std::array<uint8_t, 32>& key) : key_(key) {}
  // The next bytes of the stream. The stream does not depend on how it is cut into calls.
  void fill(std::span<uint8_t> out);

 private:
  void refill();
  std::array<uint8_t, 32> key_;
  uint64_t counter_ = 0;
  std::array<uint8_t, 64> block_{};
  size_t used_ = 64;
};

}  // namespace timerose
