// The Accept header (RFC 9110 section 12.5.1): what a client would have, by preference.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace timerose::http {

inline constexpr size_t kMediaRangesMax = 32;  // the rest of a longer header is passed over

struct MediaRange {
  std::string type;  // "application/vnd.ipld.car", in lower case
  std::vector<std::pair<std::string, std::string>> parameters;  // names in lower case, without q
  uint32_t quality = 1000;                                      // thousandths

  // Empty if there is none of this name.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
};

// Best first, those of equal quality in their order. Ranges of quality 0, and what is no media
// range, are left out.
std::vector<MediaRange> parse_accept(std::string_view header);

}  // namespace timerose::http
