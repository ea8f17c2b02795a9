#include "exchange/http_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace timerose::exchange {
namespace {

constexpr size_t kTextBytesMax = 1024;
constexpr size_t kHostBytesMax = 253;
constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

Error not_one(std::string_view text, std::string_view expected) {
  std::string shown(text.substr(0, 100));
  std::ranges::replace_if(shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("\"{}\": expected an address like {}", shown, expected)};
}

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto [stop, failed] = std::from_chars(text.begin(), text.end(), port);
  if (text.empty() || failed != std::errc() || stop != text.end()) return std::nullopt;
  return port;
}

bool is_ip(int family, const std::string& host) {
  in6_addr parsed{};
  return inet_pton(family, host.c_str(), &parsed) == 1;
}

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= kHostBytesMax && host.front() != '-' &&
         std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
         });
}

// Splits "/a/b/c" into a, b, c; nothing for text that does not begin with '/'.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  if (!text.starts_with('/') || text.size() > kTextBytesMax) return parts;
  while (!text.empty()) {
    text.remove_prefix(1);
    const size_t end = std::min(text.find('/'), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return parts;
}

// /ip4/HOST/tcp/PORT and the like, at the front.
std::optional<HttpAddress> parse_tcp(const std::vector<std::string_view>& parts) {
  if (parts.size() < 4 || parts[2] != "tcp") return std::nullopt;
  HttpAddress address;
  address.host = parts[1];
  const auto port = parse_port(parts[3]);
  if (!port) return std::nullopt;
  address.port = *port;
  if (parts[0] == "ip4" && is_ip(AF_INET, address.host)) return address;
  if (parts[0] == "ip6" && is_ip(AF_INET6, address.host)) {
    address.kind = HttpAddress::Host::kIp6;
    return address;
  }
  const bool is_dns = parts[0] == "dns" || parts[0] == "dns4" || parts[0] == "dns6";
  if (!is_dns || !is_name(address.host)) return std::nullopt;
  address.kind = HttpAddress::Host::kName;
  return address;
}

HttpAddress::Host kind_of(const std::string& host) {
  return is_ip(AF_INET, host) ? HttpAddress::Host::kIp4 : HttpAddress::Host::kName;
}

}  // namespace

std::string HttpAddress::url() const {
  const uint16_t usual = tls ? kHttpsPort : kHttpPort;
  const std::string name = kind == Host::kIp6 ? "[" + host + "]" : host;
  const std::string scheme = tls ? "https" : "http";
  return port == usual ? fmt::format("{}://{}", scheme, name)
                       : fmt::format("{}://{}:{}", scheme, name, port);
}

std::string HttpAddress::listen_address() const {
  return fmt::format("/{}/{}/tcp/{}", kind == Host::kIp6 ? "ip6" : "ip4", host, port);
}

Result<HttpAddress> parse_listen_address(std::string_view text) {
  const auto parts = split(text);
  const auto address = parse_tcp(parts);
  const bool ends = parts.size() == 4 || (parts.size() == 5 && parts[4] == "http");
  if (!address || address->kind == HttpAddress::Host::kName || !ends) {
    return not_one(text, "/ip4/127.0.0.1/tcp/8080");
  }
  return *address;
}

Result<HttpAddress> parse_http_multiaddr(std::string_view text) {
  constexpr std::string_view kExpected = "/dns4/gateway.example/tcp/443/https";
  auto parts = split(text);
  auto address = parse_tcp(parts);
  if (!address || address->port == 0) return not_one(text, kExpected);
  parts.erase(parts.begin(), parts.begin() + 4);
  if (parts.size() >= 2 && parts[parts.size() - 2] == "p2p") parts.resize(parts.size() - 2);
  using Parts = std::vector<std::string_view>;
  if (parts.size() == 4 && parts[1] == "sni" && is_name(parts[2])) {
    // The certificate is asked for by the name, which is where it should lead to as well.
    address->host = parts[2];
    address->kind = HttpAddress::Host::kName;
    parts.erase(parts.begin() + 1, parts.begin() + 3);
  }
  address->tls = parts == Parts{"https"} || parts == Parts{"tls", "http"};
  if (!address->tls && parts != Parts{"http"}) return not_one(text, kExpected);
  return *address;
}

Result<HttpAddress> parse_http_url(std::string_view text) {
  constexpr std::string_view kExpected = "https://gateway.example";
  HttpAddress address;
  address.tls = text.starts_with("https://");
  if (text.size() > kTextBytesMax || (!address.tls && !text.starts_with("http://"))) {
    return not_one(text, kExpected);
  }
  std::string_view rest = text.substr(address.tls ? 8 : 7);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.starts_with('[')) {
    const size_t close = rest.find(']');
    if (close == std::string_view::npos) return not_one(text, kExpected);
    address.kind = HttpAddress::Host::kIp6;
    address.host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (!is_ip(AF_INET6, address.host)) return not_one(text, kExpected);
  } else {
    const size_t colon = std::min(rest.find(':'), rest.size());
    address.host = rest.substr(0, colon);
    rest.remove_prefix(colon);
    address.kind = kind_of(address.host);
    if (!is_name(address.host)) return not_one(text, kExpected);
  }
  address.port = address.tls ? kHttpsPort : kHttpPort;
  if (rest.empty()) return address;
  const auto port = rest[0] == ':' ? parse_port(rest.substr(1)) : std::nullopt;
  if (!port || *port == 0) return not_one(text, kExpected);
  address.port = *port;
  return address;
}

Result<HttpAddress> parse_http_address(std::string_view text) {
  return text.starts_with('/') ? parse_http_multiaddr(text) : parse_http_url(text);
}

}  // namespace timerose::exchange
