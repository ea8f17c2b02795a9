#include "unixfs/hamt.h"

#include <algorithm>
#include <bit>

#include "unixfs/layout.h"
#include "unixfs/murmur3.h"

namespace timerose::unixfs::hamt {
namespace {

inline constexpr std::string_view kDigits = "0123456789ABCDEF";

}  // namespace

Width::Width(uint32_t slots)
    : slots_(slots),
      bits_(static_cast<uint32_t>(std::countr_zero(slots))),
      digits_((bits_ + 3) / 4) {}

Result<Width> Width::of(const Node& shard) {
  if (shard.hash_type != kMurmur3Code) {
    return Error{ErrorCode::kMalformed,
                 "a sharded directory hashes names by function " +
                     (shard.hash_type ? std::to_string(*shard.hash_type) : "(none)") +
                     ", expected 34 (murmur3-x64-64)"};
  }
  const uint64_t slots = shard.fanout.value_or(0);
  if (slots < kHamtWidthMin || slots > kHamtWidthMax || !std::has_single_bit(slots)) {
    return Error{ErrorCode::kMalformed, "a sharded directory is " + std::to_string(slots) +
                                            " wide, expected a power of two from 8 to 1024"};
  }
  return Width(static_cast<uint32_t>(slots));
}

std::string Width::prefix(uint32_t slot) const {
  std::string text(digits_, '0');
  for (size_t i = digits_; i-- > 0; slot >>= 4) text[i] = kDigits[slot & 15];
  return text;
}

std::optional<uint32_t> Width::slot_of(std::string_view link_name) const {
  if (link_name.size() < digits_) return std::nullopt;
  uint32_t slot = 0;
  for (const char c : link_name.substr(0, digits_)) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    slot = slot << 4 | static_cast<uint32_t>(digit);
  }
  if (slot >= slots_) return std::nullopt;
  return slot;
}

Bytes Bitmap::trimmed() const {
  return {std::find_if(bytes_.begin(), bytes_.end(), [](uint8_t byte) { return byte != 0; }),
          bytes_.end()};
}

}  // namespace timerose::unixfs::hamt
