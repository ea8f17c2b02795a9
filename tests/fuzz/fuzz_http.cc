// Requests to the gateway: five lines are a target, Accept, Range, If-None-Match and Cache-Control.
// What is understood says the same again when it is written down.
#include <algorithm>

#include "base/check.h"
#include "http/gateway_request.h"
#include "http/target.h"

using timerose::http::GatewayRequest;
using timerose::http::Headers;
using timerose::http::Method;
using timerose::http::Request;

namespace {

std::string_view take_line(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

// What stands in a header of the answer must stay on its line.
void check_visible(std::string_view text) {
  for (const char c : text) CHECK(c > ' ' && c <= '~');
}

void check_request(const GatewayRequest& request) {
  check_visible(request.path);
  check_visible(request.content_location);
  const auto target = timerose::http::parse_target(request.path);
  CHECK(target.ok() && target->segments.size() == request.segments.size() + 2);
  CHECK(std::equal(request.segments.begin(), request.segments.end(), target->segments.begin() + 2));
  CHECK(timerose::http::format_path(target->segments) == request.path);
  if (request.content_location.empty()) return;
  const Request again{Method::kGet, request.content_location, {}};
  const auto parsed = timerose::http::parse_gateway_request(again);
  // A target that was at the limit of parameters is over it with those that were added.
  const auto* same = std::get_if<GatewayRequest>(&parsed);
  if (same == nullptr) return;
  CHECK(same->path == request.path && same->format == request.format);
  CHECK(same->car == request.car);
}

void check_ranges(std::string_view text, uint64_t size) {
  const auto answer = timerose::http::parse_range_header(text, size);
  if (const auto* part = std::get_if<timerose::http::ByteRange>(&answer)) {
    CHECK(part->begin < part->end && part->end <= size);
  }
  const auto bytes = timerose::http::parse_entity_bytes(text);
  if (!bytes.ok()) return;
  CHECK(*timerose::http::parse_entity_bytes(timerose::http::format_entity_bytes(*bytes)) == *bytes);
  if (const auto part = timerose::http::clip(*bytes, size)) {
    CHECK(part->begin <= part->end && part->end <= size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = timerose::as_text({data, size});
  Request request;
  request.target = take_line(rest);
  for (const char* name : {"Accept", "Range", "If-None-Match", "Cache-Control"}) {
    const std::string_view value = take_line(rest);
    for (const uint64_t length : {0ULL, 1ULL, 1026ULL, ~0ULL}) check_ranges(value, length);
    if (!value.empty()) request.headers.add(name, value);
  }
  const auto parsed = timerose::http::parse_gateway_request(request);
  if (const auto* understood = std::get_if<GatewayRequest>(&parsed)) check_request(*understood);
  if (const auto path = timerose::http::percent_decode(request.target); path.ok()) {
    CHECK(*timerose::http::percent_decode(timerose::http::percent_encode(*path)) == *path);
  }
  return 0;
}
