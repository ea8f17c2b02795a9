// For the tests of this folder: blocks by number.
#pragma once

#include "base/random.h"
#include "base/testing.h"
#include "blockstore/block.h"

namespace timerose::testing_support {

// The same bytes each time, others for each number.
inline Bytes bytes_of(uint64_t number, size_t size) {
  Bytes bytes(size);
  SeededRandom(number).fill(bytes);
  return bytes;
}

inline Block block_of(uint64_t number, size_t size = 100) {
  return Block::of_sha256(Codec::kRaw, bytes_of(number, size));
}

}  // namespace timerose::testing_support
