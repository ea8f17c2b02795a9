// Seeds as the command line gives them: "17", or "1..200".
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace timerose::sim {

inline std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct SeedRange {
  uint64_t first = 1;
  uint64_t last = 1;

  static std::optional<SeedRange> parse(std::string_view text) {
    const size_t dots = text.find("..");
    const auto first = parse_number(text.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : parse_number(text.substr(dots + 2));
    if (!first || !last || *last < *first) return std::nullopt;
    return SeedRange{*first, *last};
  }
};

}  // namespace timerose::sim
