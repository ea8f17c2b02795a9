#include "multiformats/multibase.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/check.h"

namespace timerose {
namespace {

// How the digits of a base stand for bytes.
enum class Digits {
  kBits,        // each digit is a fixed number of bits, the first the most significant
  kPositional,  // the bytes are one big number; leading zero bytes are leading zero digits
};

struct Base {
  Multibase code;
  const char* name;
  std::string_view alphabet;
  Digits digits;
  bool padded = false;    // "=" up to whole groups
  bool any_case = false;  // decoding accepts both
};

constexpr std::string_view kHexLower = "0123456789abcdef";
constexpr std::string_view kHexUpper = "0123456789ABCDEF";
constexpr std::string_view kRfc32Lower = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kRfc32Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kHex32Lower = "0123456789abcdefghijklmnopqrstuv";
constexpr std::string_view kHex32Upper = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
constexpr std::string_view k64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view k64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr Base kBases[] = {
    {Multibase::kBase2, "base2", "01", Digits::kBits},
    {Multibase::kBase8, "base8", "01234567", Digits::kBits},
    {Multibase::kBase10, "base10", "0123456789", Digits::kPositional},
    {Multibase::kBase16, "base16", kHexLower, Digits::kBits, false, true},
    {Multibase::kBase16Upper, "base16upper", kHexUpper, Digits::kBits, false, true},
    {Multibase::kBase32Hex, "base32hex", kHex32Lower, Digits::kBits, false, true},
    {Multibase::kBase32HexUpper, "base32hexupper", kHex32Upper, Digits::kBits, false, true},
    {Multibase::kBase32HexPad, "base32hexpad", kHex32Lower, Digits::kBits, true, true},
    {Multibase::kBase32HexPadUpper, "base32hexpadupper", kHex32Upper, Digits::kBits, true, true},
    {Multibase::kBase32, "base32", kRfc32Lower, Digits::kBits, false, true},
    {Multibase::kBase32Upper, "base32upper", kRfc32Upper, Digits::kBits, false, true},
    {Multibase::kBase32Pad, "base32pad", kRfc32Lower, Digits::kBits, true, true},
    {Multibase::kBase32PadUpper, "base32padupper", kRfc32Upper, Digits::kBits, true, true},
    {Multibase::kBase32Z, "base32z", "ybndrfg8ejkmcpqxot1uwisza345h769", Digits::kBits},
    {Multibase::kBase36, "base36", "0123456789abcdefghijklmnopqrstuvwxyz", Digits::kPositional,
     false, true},
    {Multibase::kBase36Upper, "base36upper", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
     Digits::kPositional, false, true},
    {Multibase::kBase58Btc, "base58btc",
     "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", Digits::kPositional},
    {Multibase::kBase58Flickr, "base58flickr",
     "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ", Digits::kPositional},
    {Multibase::kBase64, "base64", k64, Digits::kBits},
    {Multibase::kBase64Pad, "base64pad", k64, Digits::kBits, true},
    {Multibase::kBase64Url, "base64url", k64Url, Digits::kBits},
    {Multibase::kBase64UrlPad, "base64urlpad", k64Url, Digits::kBits, true},
};
constexpr const char* kIdentityName = "identity";

constexpr int8_t kNoDigit = -1;
using DigitTable = std::array<int8_t, 256>;

constexpr char other_case(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c;
}

constexpr DigitTable digit_table(const Base& base) {
  DigitTable table{};
  table.fill(kNoDigit);
  for (size_t i = 0; i < base.alphabet.size(); ++i) {
    const char c = base.alphabet[i];
    table[static_cast<uint8_t>(c)] = static_cast<int8_t>(i);
    if (base.any_case) table[static_cast<uint8_t>(other_case(c))] = static_cast<int8_t>(i);
  }
  return table;
}

constexpr auto kDigitTables = [] {
  std::array<DigitTable, std::size(kBases)> tables{};
  for (size_t i = 0; i < tables.size(); ++i) tables[i] = digit_table(kBases[i]);
  return tables;
}();

const Base* find_base(Multibase code) {
  for (const Base& base : kBases) {
    if (base.code == code) return &base;
  }
  return nullptr;
}

int digit_of(const Base& base, char c) {
  return kDigitTables[static_cast<size_t>(&base - kBases)][static_cast<uint8_t>(c)];
}

unsigned bits_of(const Base& base) {
  return static_cast<unsigned>(std::countr_zero(base.alphabet.size()));
}

// Digits in a group that is whole bytes: 8 of base 32, 4 of base 64.
size_t group_digits(const Base& base) { return bits_of(base) == 5 ? 8 : 4; }

Error malformed_multibase(std::string why) { return {ErrorCode::kMalformed, std::move(why)}; }

Error not_a_digit(const Base& base, std::string_view digits, size_t position) {
  const char c = digits[position];
  const bool printable = c > ' ' && c <= '~';
  return malformed_multibase(
      printable ? fmt::format("'{}' at position {} is not a digit of {}", c, position, base.name)
                : fmt::format("the byte 0x{:02x} at position {} is not a digit of {}",
                              static_cast<uint8_t>(c), position, base.name));
}

void encode_bits(const Base& base, ByteView bytes, std::string& out) {
  const unsigned bits = bits_of(base);
  const size_t start = out.size();
  uint32_t held = 0;
  unsigned held_bits = 0;
  for (const uint8_t byte : bytes) {
    held = held << 8 | byte;
    held_bits += 8;
    while (held_bits >= bits) {
      held_bits -= bits;
      out.push_back(base.alphabet[held >> held_bits & (base.alphabet.size() - 1)]);
    }
  }
  if (held_bits > 0) {
    out.push_back(base.alphabet[held << (bits - held_bits) & (base.alphabet.size() - 1)]);
  }
  while (base.padded && (out.size() - start) % group_digits(base) != 0) out.push_back('=');
}

// Takes the "=" off the end of `digits`, where exactly as many as the group needs must be.
Status take_padding(const Base& base, std::string_view& digits) {
  const size_t total = digits.size();
  const size_t last = digits.find_last_not_of('=');
  digits = digits.substr(0, last == std::string_view::npos ? 0 : last + 1);
  const size_t group = group_digits(base);
  const size_t expected = (digits.size() + group - 1) / group * group;
  if (total == expected) return success();
  return malformed_multibase(fmt::format("{} needs {} '=' at its end here, found {}", base.name,
                                         expected - digits.size(), total - digits.size()));
}

Result<Bytes> decode_bits(const Base& base, std::string_view digits) {
  if (base.padded) TR_TRY(take_padding(base, digits));
  const unsigned bits = bits_of(base);
  Bytes out;
  out.reserve(digits.size() * bits / 8);
  uint32_t held = 0;
  unsigned held_bits = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const int digit = digit_of(base, digits[i]);
    if (digit < 0) return not_a_digit(base, digits, i);
    held = held << bits | static_cast<uint32_t>(digit);
    held_bits += bits;
    if (held_bits < 8) continue;
    held_bits -= 8;
    out.push_back(static_cast<uint8_t>(held >> held_bits));
  }
  if (held_bits >= bits) {
    return malformed_multibase(
        fmt::format("{} digits of {} are no whole number of bytes", digits.size(), base.name));
  }
  if ((held & ((1U << held_bits) - 1)) != 0) {
    return malformed_multibase(
        fmt::format("the last digit of the {} text has bits beyond the last byte", base.name));
  }
  return out;
}

// As many digits of one radix as go into 32 bits, taken as one.
struct Limbs {
  explicit Limbs(uint32_t of) : radix(of), power(of) {
    while (power * of <= uint64_t{1} << 32) {
      power *= of;
      ++digits;
    }
  }
  uint32_t radix;
  size_t digits = 1;
  // 2^32 for 256, less for others: a product of two radixes' goes into 64 bits.
  uint64_t power;
};

// Appends the digits of `number` (most significant first, none of them 0 at its beginning) in
// another radix, least significant first: schoolbook long division, one limb of the source at a
// time.
void convert_radix(std::span<const uint8_t> number, uint32_t from_radix, uint32_t to_radix,
                   Bytes& out) {
  const Limbs from(from_radix);
  const Limbs to(to_radix);
  std::vector<uint32_t> limbs;
  limbs.reserve(number.size() / to.digits + 2);
  size_t taken = number.size() % from.digits;  // the first limb may have fewer digits
  if (taken == 0) taken = from.digits;
  for (; !number.empty(); number = number.subspan(taken), taken = from.digits) {
    uint64_t carry = 0;
    for (const uint8_t digit : number.first(taken)) carry = carry * from.radix + digit;
    for (uint32_t& limb : limbs) {
      carry += limb * from.power;
      limb = static_cast<uint32_t>(carry % to.power);
      carry /= to.power;
    }
    for (; carry > 0; carry /= to.power) limbs.push_back(static_cast<uint32_t>(carry % to.power));
  }
  const size_t start = out.size();
  for (uint32_t limb : limbs) {
    for (size_t i = 0; i < to.digits; ++i, limb /= to.radix) {
      out.push_back(static_cast<uint8_t>(limb % to.radix));
    }
  }
  while (out.size() > start && out.back() == 0) out.pop_back();
}

void encode_positional(const Base& base, ByteView bytes, std::string& out) {
  while (!bytes.empty() && bytes.front() == 0) {
    out.push_back(base.alphabet[0]);
    bytes = bytes.subspan(1);
  }
  Bytes digits;
  convert_radix(bytes, 256, static_cast<uint32_t>(base.alphabet.size()), digits);
  std::for_each(digits.rbegin(), digits.rend(),
                [&](uint8_t digit) { out.push_back(base.alphabet[digit]); });
}

Result<Bytes> decode_positional(const Base& base, std::string_view digits) {
  if (digits.size() > kPositionalDigitsMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("{} digits of {}; at most {} are accepted (its cost grows with the "
                             "square of the length), use base32 or base64",
                             digits.size(), base.name, kPositionalDigitsMax)};
  }
  Bytes values;
  values.reserve(digits.size());
  for (size_t i = 0; i < digits.size(); ++i) {
    const int digit = digit_of(base, digits[i]);
    if (digit < 0) return not_a_digit(base, digits, i);
    values.push_back(static_cast<uint8_t>(digit));
  }
  const auto first = std::find_if(values.begin(), values.end(), [](uint8_t v) { return v != 0; });
  Bytes out;
  out.reserve(values.size());
  convert_radix(ByteView(first, values.end()), static_cast<uint32_t>(base.alphabet.size()), 256,
                out);
  out.insert(out.end(), static_cast<size_t>(first - values.begin()), 0);
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

Result<Multibase> multibase_named(std::string_view name) {
  if (name == kIdentityName) return Multibase::kIdentity;
  std::string names = kIdentityName;
  for (const Base& base : kBases) {
    if (base.name == name) return base.code;
    names.append(", ").append(base.name);
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("unknown base '{}'; known are: {}", name, names)};
}

const char* multibase_name(Multibase code) {
  const Base* base = find_base(code);
  if (base != nullptr) return base->name;
  return code == Multibase::kIdentity ? kIdentityName : "unknown";
}

std::string base_encode(Multibase code, ByteView bytes) {
  if (code == Multibase::kIdentity) return std::string(as_text(bytes));
  const Base* base = find_base(code);
  CHECK(base != nullptr);
  std::string out;
  if (base->digits == Digits::kBits) {
    out.reserve((bytes.size() * 8 / bits_of(*base)) + 8);
    encode_bits(*base, bytes, out);
  } else {
    encode_positional(*base, bytes, out);
  }
  return out;
}

Result<Bytes> base_decode(Multibase code, std::string_view digits) {
  if (code == Multibase::kIdentity) return to_bytes(as_bytes(digits));
  const Base* base = find_base(code);
  CHECK(base != nullptr);
  return base->digits == Digits::kBits ? decode_bits(*base, digits)
                                       : decode_positional(*base, digits);
}

std::string multibase_encode(Multibase base, ByteView bytes) {
  std::string text = base_encode(base, bytes);
  text.insert(text.begin(), static_cast<char>(base));
  return text;
}

Result<Bytes> multibase_decode(std::string_view text, Multibase* base) {
  if (text.empty())
    return malformed_multibase("empty text; its first character should name its base");
  const auto code = static_cast<Multibase>(text.front());
  if (code != Multibase::kIdentity && find_base(code) == nullptr) {
    const auto first = static_cast<uint8_t>(text.front());
    return malformed_multibase(
        first > ' ' && first <= '~'
            ? fmt::format("the first character '{}' names no known base (b is base32, "
                          "k base36, z base58btc, f base16)",
                          text.front())
            : fmt::format("the first byte 0x{:02x} names no known base", first));
  }
  if (base != nullptr) *base = code;
  return base_decode(code, text.substr(1));
}

}  // namespace timerose
