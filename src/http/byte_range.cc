#include "http/byte_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace timerose::http {
namespace {

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const auto [stop, failed] = std::from_chars(text.begin(), text.end(), value);
  if (text.empty() || failed != std::errc() || stop != text.end()) return std::nullopt;
  return value;
}

// An offset that may count from the end, as one from the start; negative if it lies before it.
int64_t from_start(int64_t offset, int64_t size) { return offset < 0 ? size + offset : offset; }

}  // namespace

RangeAnswer parse_range_header(std::string_view header, uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return WholeBody{};
  header.remove_prefix(kUnit.size());
  const size_t dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) {
    return WholeBody{};
  }
  const std::string_view first = header.substr(0, dash);
  const std::string_view last = header.substr(dash + 1);
  if (first.empty()) {
    const auto suffix = parse_number<uint64_t>(last);
    if (!suffix) return WholeBody{};
    if (*suffix == 0 || size == 0) return Unsatisfiable{};
    return ByteRange{size - std::min(*suffix, size), size};
  }
  const auto begin = parse_number<uint64_t>(first);
  if (!begin) return WholeBody{};
  uint64_t end = size;
  if (!last.empty()) {
    const auto inclusive = parse_number<uint64_t>(last);
    if (!inclusive || *inclusive < *begin) return WholeBody{};
    end = *inclusive < size ? *inclusive + 1 : size;
  }
  if (*begin >= size) return Unsatisfiable{};
  return ByteRange{*begin, end};
}

Result<EntityBytes> parse_entity_bytes(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view to_text = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const auto from = parse_number<int64_t>(text.substr(0, colon));
  const auto to = parse_number<int64_t>(to_text);
  if (!from || (!to && to_text != "*")) {
    return Error{ErrorCode::kInvalidArgument,
                 "entity-bytes: expected FROM:TO, two numbers of bytes of which TO may be \"*\""};
  }
  if (to && (*from < 0) == (*to < 0) && *from > *to) {
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("entity-bytes: {} is behind {}, so there is no byte in it", *from, *to)};
  }
  return EntityBytes{*from, to};
}

std::string format_entity_bytes(const EntityBytes& bytes) {
  return bytes.to ? fmt::format("{}:{}", bytes.from, *bytes.to) : fmt::format("{}:*", bytes.from);
}

std::optional<ByteRange> clip(const EntityBytes& bytes, uint64_t size_unsigned) {
  if (size_unsigned == 0) return ByteRange{};
  const auto size = static_cast<int64_t>(std::min<uint64_t>(size_unsigned, INT64_MAX));
  const int64_t begin = std::max<int64_t>(from_start(bytes.from, size), 0);
  const int64_t last = bytes.to ? std::min(from_start(*bytes.to, size), size - 1) : size - 1;
  if (begin >= size || last < 0) return std::nullopt;
  const int64_t end = std::max(last + 1, begin);
  return ByteRange{static_cast<uint64_t>(begin), static_cast<uint64_t>(end)};
}

}  // namespace timerose::http
