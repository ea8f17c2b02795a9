// Where a name lies in a sharded directory: each level of the HAMT takes the next bits of the
// name's hash, most significant first; a slot is written as upper-case hex digits in front of link
// names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "unixfs/node.h"

namespace timerose::unixfs::hamt {

inline constexpr uint32_t kHashBits = 64;

// The slots of a shard: a power of two.
class Width {
 public:
  // `slots` is one that validate() accepts.
  explicit Width(uint32_t slots);
  // From a shard's message; kMalformed for another hash function or width.
  static Result<Width> of(const Node& shard);

  [[nodiscard]] uint32_t slots() const { return slots_; }
  [[nodiscard]] uint32_t bits() const { return bits_; }
  [[nodiscard]] uint32_t levels_max() const { return kHashBits / bits_; }
  [[nodiscard]] size_t prefix_digits() const { return digits_; }

  // The slot of a hash at `level`, below levels_max().
  [[nodiscard]] uint32_t slot(uint64_t hash, uint32_t level) const {
    return static_cast<uint32_t>(hash >> (kHashBits - bits_ * (level + 1))) & (slots_ - 1);
  }
  [[nodiscard]] std::string prefix(uint32_t slot) const;
  // The slot that a link's name starts with; nullopt if it is too short or no such digits.
  [[nodiscard]] std::optional<uint32_t> slot_of(std::string_view link_name) const;

  bool operator==(const Width&) const = default;

 private:
  uint32_t slots_;
  uint32_t bits_;
  size_t digits_;
};

// The bitmap of the slots in use: the lowest slot is the lowest bit of the last byte, and zero
// bytes at the front are left out.
class Bitmap {
 public:
  explicit Bitmap(uint32_t slots) : bytes_(slots / 8) {}
  void set(uint32_t slot) { bytes_[bytes_.size() - 1 - slot / 8] |= uint8_t(1U << slot % 8); }
  [[nodiscard]] Bytes trimmed() const;

 private:
  Bytes bytes_;
};

}  // namespace timerose::unixfs::hamt
