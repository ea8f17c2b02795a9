// Lower-case hexadecimal. encode/decode are inverses.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose {

std::string hex_encode(ByteView bytes);
// Accepts both cases; kMalformed for an odd length or another character, with its position.
Result<Bytes> hex_decode(std::string_view text);

}  // namespace timerose
