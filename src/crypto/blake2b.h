// BLAKE2b (RFC 7693) with a digest of 32 bytes: the hash that Filecoin's blocks are named by.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace timerose {

using Blake2b256Digest = std::array<uint8_t, 32>;

Blake2b256Digest blake2b_256(ByteView data);

}  // namespace timerose
