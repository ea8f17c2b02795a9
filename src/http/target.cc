#include "http/target.h"

#include <fmt/format.h>

#include <algorithm>

namespace timerose::http {
namespace {

constexpr size_t kTargetShownMax = 100;  // of a target, in a message

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// Cuts the part before `mark` off the front of `rest`; all of it if there is none.
std::string_view take_until(std::string_view& rest, char mark) {
  const size_t at = rest.find(mark);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

// The scheme and authority of an absolute form say nothing that a server of one site needs.
std::string_view without_authority(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const size_t path = text.find_first_of("/?", scheme.size());
    return path == std::string_view::npos ? "/" : text.substr(path);
  }
  return text;
}

Status parse_path(std::string_view path, Target& target) {
  while (!path.empty()) {
    const std::string_view raw = take_until(path, '/');
    if (raw.empty()) continue;
    TR_ASSIGN(std::string segment, percent_decode(raw));
    if (segment == "." || segment == "..") {
      return Error{ErrorCode::kMalformed,
                   "the path has a segment \"" + segment + "\"; write the path without it"};
    }
    if (target.segments.size() == kSegmentsMax) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("the path has more than {} segments", kSegmentsMax)};
    }
    target.segments.push_back(std::move(segment));
  }
  return success();
}

// A form's encoding: '+' is a space.
Result<std::string> decode_parameter(std::string_view raw) {
  std::string text(raw);
  std::ranges::replace(text, '+', ' ');
  return percent_decode(text);
}

Status parse_query(std::string_view query, Target& target) {
  while (!query.empty()) {
    std::string_view raw = take_until(query, '&');
    if (raw.empty()) continue;
    if (target.parameters.size() == kParametersMax) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("the query has more than {} parameters", kParametersMax)};
    }
    TR_ASSIGN(std::string name, decode_parameter(take_until(raw, '=')));
    TR_ASSIGN(std::string value, decode_parameter(raw));
    target.parameters.emplace_back(std::move(name), std::move(value));
  }
  return success();
}

}  // namespace

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<Target> parse_target(std::string_view text) {
  std::string_view rest = without_authority(text);
  if (!rest.starts_with('/') && !rest.starts_with('?')) {
    return Error{ErrorCode::kMalformed,
                 fmt::format("expected a request target like /ipfs/CID, found \"{}\"",
                             percent_encode(text.substr(0, kTargetShownMax)))};
  }
  rest = rest.substr(0, rest.find('#'));
  Target target;
  TR_TRY(parse_path(take_until(rest, '?'), target));
  target.query = rest;
  TR_TRY(parse_query(rest, target));
  return target;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<uint8_t>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return Error{ErrorCode::kMalformed,
                   "a '%' without two hex digits behind it; write a percent sign as %25"};
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

std::string format_path(const std::vector<std::string>& segments) {
  std::string out;
  for (const std::string& segment : segments) out += "/" + percent_encode(segment);
  return out;
}

}  // namespace timerose::http
