// Multibase (github.com/multiformats/multibase): text whose first character names its base.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace timerose {

// The value is the prefix character.
enum class Multibase : char {
  kIdentity = '\0',
  kBase2 = '0',
  kBase8 = '7',
  kBase10 = '9',
  kBase16 = 'f',
  kBase16Upper = 'F',
  kBase32Hex = 'v',
  kBase32HexUpper = 'V',
  kBase32HexPad = 't',
  kBase32HexPadUpper = 'T',
  kBase32 = 'b',
  kBase32Upper = 'B',
  kBase32Pad = 'c',
  kBase32PadUpper = 'C',
  kBase32Z = 'h',
  kBase36 = 'k',
  kBase36Upper = 'K',
  kBase58Btc = 'z',
  kBase58Flickr = 'Z',
  kBase64 = 'm',
  kBase64Pad = 'M',
  kBase64Url = 'u',
  kBase64UrlPad = 'U',
};

// Bases 10, 36 and 58 treat the text as one big number, at a cost that grows with the square of its
// length: decoding more digits than this is kLimitExceeded. Encode only short bytes in them.
inline constexpr size_t kPositionalDigitsMax = 4096;

// "base32" -> kBase32; kInvalidArgument lists the known names.
Result<Multibase> multibase_named(std::string_view name);
const char* multibase_name(Multibase base);

// With and without the prefix. decode is the inverse of encode and accepts nothing else but the
// other case: no missing or extra padding, no bits beyond the last byte. Bases 16, 32 and 36 (but
// not base32z) are decoded in both cases, 58 and 64 are case-sensitive. kMalformed names the
// character and its position.
std::string multibase_encode(Multibase base, ByteView bytes);
Result<Bytes> multibase_decode(std::string_view text, Multibase* base = nullptr);
std::string base_encode(Multibase base, ByteView bytes);
Result<Bytes> base_decode(Multibase base, std::string_view digits);

}  // namespace timerose
