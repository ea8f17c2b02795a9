#include "unixfs/path.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.h"

namespace timerose::unixfs {
namespace {

constexpr std::string_view kUrlPrefix = "ipfs://";

Error invalid(std::string_view text, std::string_view what) {
  constexpr size_t kShownBytesMax = 256;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("path '{}': {}", text.substr(0, kShownBytesMax), what)};
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const auto byte = hex_decode(text.substr(i + 1, 2));
    if (!byte.ok() || byte->size() != 1) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("'%' at position {} is not followed by two hexadecimal digits", i)};
    }
    out.push_back(static_cast<char>(byte->front()));
    i += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kPlain = "-._~!$&'()*+,;=:@";
  std::string out;
  for (const char c : text) {
    const bool letter_or_digit =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter_or_digit || kPlain.find(c) != kPlain.npos) {
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// Takes the text up to the next '/' off the front, and that '/'.
std::string_view take_segment(std::string_view& rest) {
  const size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest.remove_prefix(slash == rest.npos ? rest.size() : slash + 1);
  return segment;
}

Status append(std::vector<std::string>& segments, std::string segment) {
  if (segment.empty() || segment == ".") return success();
  if (segment != "..") {
    segments.push_back(std::move(segment));
    return success();
  }
  if (segments.empty()) {
    return Error{ErrorCode::kInvalidArgument, "'..' leads above the CID or name; nothing is there"};
  }
  segments.pop_back();
  return success();
}

}  // namespace

Result<std::vector<std::string>> parse_segments(std::string_view text, Escapes escapes) {
  std::vector<std::string> segments;
  while (!text.empty()) {
    std::string segment(take_segment(text));
    if (escapes == Escapes::kPercent) {
      TR_ASSIGN(segment, percent_decode(segment));
    }
    TR_TRY(append(segments, std::move(segment)));
  }
  return segments;
}

std::string format_segments(const std::vector<std::string>& segments, Escapes escapes) {
  std::string text;
  for (const std::string& segment : segments) {
    text += "/" + (escapes == Escapes::kPercent ? percent_encode(segment) : segment);
  }
  return text;
}

bool need_escapes(const std::vector<std::string>& segments) {
  return std::any_of(segments.begin(), segments.end(),
                     [](const std::string& segment) { return segment.find('/') != segment.npos; });
}

Result<Path> Path::parse(std::string_view text) {
  std::string_view rest = text;
  const bool is_url = rest.starts_with(kUrlPrefix);
  if (is_url) {
    rest.remove_prefix(kUrlPrefix.size());
    rest = rest.substr(0, rest.find_first_of("?#"));
  } else if (rest.starts_with("/ipns/")) {
    return invalid(text, "is a name that changes; expected a CID (resolve the name first)");
  } else if (rest.starts_with("/ipfs/") || rest.starts_with("/ipld/")) {
    rest.remove_prefix(6);
  }
  auto root = Cid::parse(take_segment(rest));
  if (!root.ok()) {
    return invalid(text,
                   "expected CID/..., /ipfs/CID/... or ipfs://CID/...: " + root.error().message);
  }
  auto segments = parse_segments(rest, is_url ? Escapes::kPercent : Escapes::kNone);
  if (!segments.ok()) return invalid(text, segments.error().message);
  return Path{std::move(root).value(), std::move(segments).value()};
}

std::string Path::to_string() const {
  const bool as_url = need_escapes(segments);
  return (as_url ? std::string(kUrlPrefix) : "/ipfs/") + root.to_string() +
         format_segments(segments, as_url ? Escapes::kPercent : Escapes::kNone);
}

}  // namespace timerose::unixfs
