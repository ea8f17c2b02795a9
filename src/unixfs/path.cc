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
    return Error{ErrorCode::kInvalidArgument, "'..' leads above the CID; nothing is there"};
  }
  segments.pop_back();
  return success();
}

}  // namespace

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
  Path path{std::move(root).value(), {}};
  while (!rest.empty()) {
    std::string segment(take_segment(rest));
    if (is_url) {
      auto decoded = percent_decode(segment);
      if (!decoded.ok()) return invalid(text, decoded.error().message);
      segment = std::move(decoded).value();
    }
    if (auto added = append(path.segments, std::move(segment)); !added.ok()) {
      return invalid(text, added.error().message);
    }
  }
  return path;
}

std::string Path::to_string() const {
  const bool as_url = std::any_of(segments.begin(), segments.end(), [](const std::string& segment) {
    return segment.find('/') != segment.npos;
  });
  std::string text = (as_url ? std::string(kUrlPrefix) : "/ipfs/") + root.to_string();
  for (const std::string& segment : segments) {
    text += "/" + (as_url ? percent_encode(segment) : segment);
  }
  return text;
}

}  // namespace timerose::unixfs
