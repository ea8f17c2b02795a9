#include "http/accept.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace timerose::http {
namespace {

constexpr size_t kRangeParametersMax = 16;

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Cuts the part before the next `mark` that is not inside quotes off the front of `rest`.
std::string_view take_part(std::string_view& rest, char mark) {
  bool quoted = false;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (quoted && rest[i] == '\\') {
      ++i;
    } else if (rest[i] == '"') {
      quoted = !quoted;
    } else if (rest[i] == mark && !quoted) {
      const std::string_view part = rest.substr(0, i);
      rest.remove_prefix(i + 1);
      return trimmed(part);
    }
  }
  return trimmed(std::exchange(rest, {}));
}

std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  std::string out;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

// "0.75" in thousandths; nothing for what is no weight.
std::optional<uint32_t> parse_quality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  uint32_t value = text[0] == '1' ? 1000 : 0;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  uint32_t place = 100;
  for (size_t i = 2; i < text.size(); ++i, place /= 10) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value += static_cast<uint32_t>(text[i] - '0') * place;
  }
  return value > 1000 ? std::nullopt : std::optional(value);
}

std::optional<MediaRange> parse_range(std::string_view text) {
  MediaRange range;
  range.type = lower(take_part(text, ';'));
  if (range.type.find('/') == std::string::npos) return std::nullopt;
  while (!text.empty()) {
    std::string_view value = take_part(text, ';');
    if (value.empty()) continue;
    const std::string name = lower(take_part(value, '='));
    if (name == "q") {
      const auto quality = parse_quality(trimmed(value));
      if (!quality) return std::nullopt;
      range.quality = *quality;
    } else if (range.parameters.size() < kRangeParametersMax) {
      range.parameters.emplace_back(name, unquoted(trimmed(value)));
    }
  }
  if (range.quality == 0) return std::nullopt;
  return range;
}

}  // namespace

std::string_view MediaRange::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return {};
}

std::vector<MediaRange> parse_accept(std::string_view header) {
  std::vector<MediaRange> ranges;
  for (size_t i = 0; i < kMediaRangesMax && !header.empty(); ++i) {
    if (auto range = parse_range(take_part(header, ','))) ranges.push_back(std::move(*range));
  }
  std::ranges::stable_sort(ranges, std::ranges::greater(), &MediaRange::quality);
  return ranges;
}

}  // namespace timerose::http
