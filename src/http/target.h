// The request-target of RFC 9112 section 3.2, taken apart: path segments and query parameters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace timerose::http {

inline constexpr size_t kSegmentsMax = 256;
inline constexpr size_t kParametersMax = 64;

struct Target {
  std::vector<std::string> segments;                            // decoded; empty ones are left out
  std::vector<std::pair<std::string, std::string>> parameters;  // decoded, in order
  std::string query;                                            // as it was sent, without the '?'

  // The first parameter of this name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

// Of origin form ("/a/b?c=d") or absolute form ("http://host/a/b"). kMalformed for another, for a
// bad %-escape and for a segment "." or ".."; kLimitExceeded beyond the limits above.
Result<Target> parse_target(std::string_view text);

// "%2F"-style escapes for all but unreserved characters; the inverse of what parse_target() does
// with a segment.
std::string percent_encode(std::string_view text);
// kMalformed for a '%' without two hex digits behind it.
Result<std::string> percent_decode(std::string_view text);

// "/a%20b/c"; what parse_target() reads as the same segments.
std::string format_path(const std::vector<std::string>& segments);

}  // namespace timerose::http
