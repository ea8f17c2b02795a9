// For tests: peers by number.
#pragma once

#include <array>
#include <cstdint>

#include "multiformats/peer_id.h"

namespace timerose {

// The same key for the same number.
inline PrivateKey numbered_key(uint32_t number) {
  std::array<uint8_t, 32> seed{};
  for (size_t i = 0; i < sizeof(number); ++i) seed.at(i) = static_cast<uint8_t>(number >> (8 * i));
  return PrivateKey::from_seed(seed);
}

inline PeerId numbered_peer(uint32_t number) {
  return PeerId::of(numbered_key(number).public_key());
}

}  // namespace timerose
