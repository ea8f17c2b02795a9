#include "cli/content/cid_format.h"

#include <fmt/format.h>

namespace timerose::cli {
namespace {

std::string hash_label(uint64_t code) {
  switch (static_cast<HashCode>(code)) {
    case HashCode::kIdentity:
    case HashCode::kSha2_256:
    case HashCode::kSha2_512:
    case HashCode::kBlake2b256:
    case HashCode::kBlake3:
      return hash_name(static_cast<HashCode>(code));
  }
  return fmt::format("hash-{:#x}", code);
}

std::string without_prefix(const Cid& cid, Multibase base) {
  return cid.version() == 0 ? cid.to_string() : base_encode(base, cid.bytes());
}

std::string format_one(const Cid& cid, char letter, Multibase base) {
  const MultihashView hash = cid.multihash();
  switch (letter) {
    case '%':
      return "%";
    case 's':
      return cid.version() == 0 ? cid.to_string() : cid.to_string(base);
    case 'S':
      return without_prefix(cid, base);
    case 'v':
      return fmt::format("cidv{}", cid.version());
    case 'V':
      return std::to_string(cid.version());
    case 'b':
      return multibase_name(base);
    case 'B':
      return {static_cast<char>(base)};
    case 'c':
      return codec_name(cid.codec());
    case 'C':
      return std::to_string(static_cast<uint64_t>(cid.codec()));
    case 'h':
      return hash_label(hash.code);
    case 'H':
      return std::to_string(hash.code);
    case 'L':
      return std::to_string(hash.digest.size());
    case 'm':
      return multibase_encode(base, cid.multihash_bytes());
    case 'M':
      return base_encode(base, cid.multihash_bytes());
    case 'd':
      return multibase_encode(base, hash.digest);
    case 'D':
      return base_encode(base, hash.digest);
    case 'P':
      return fmt::format("cidv{}-{}-{}-{}", cid.version(), codec_name(cid.codec()),
                         hash_label(hash.code), hash.digest.size());
    default:
      return {};
  }
}

}  // namespace

Result<std::string> format_cid(const Cid& cid, std::string_view format,
                               std::optional<Multibase> base) {
  static constexpr std::string_view kLetters = "%sSvVbBcChHLmMdDP";
  const Multibase usual = cid.version() == 0 ? Multibase::kBase58Btc : Multibase::kBase32;
  std::string text;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      text += format[i];
      continue;
    }
    ++i;
    if (i == format.size() || kLetters.find(format[i]) == std::string_view::npos) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("expected one of the letters {} behind '%' at position {} of the "
                               "format; write %% for a percent sign",
                               kLetters.substr(1), i)};
    }
    text += format_one(cid, format[i], base.value_or(usual));
  }
  return text;
}

}  // namespace timerose::cli
