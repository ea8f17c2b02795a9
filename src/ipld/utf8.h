// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
#pragma once

#include <string>

#include "base/bytes.h"

namespace timerose {

bool is_utf8(ByteView bytes);
inline bool is_utf8(std::string_view text) { return is_utf8(as_bytes(text)); }

// Appends the encoding of a code point, which must be a Unicode scalar value.
void utf8_append(std::string& out, uint32_t code_point);

}  // namespace timerose
