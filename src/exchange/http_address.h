// Where an HTTP server is, as a multiaddr or as a URL.
//
//   listening:  /ip4/127.0.0.1/tcp/8080, /ip6/::1/tcp/8080, either with /http behind it
//   asking:     (/ip4 | /ip6 | /dns | /dns4 | /dns6) /HOST/tcp/PORT
//               then /http, or /https, or /tls/http, or /tls/sni/NAME/http; then perhaps /p2p/ID
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace timerose::exchange {

struct HttpAddress {
  enum class Host { kIp4, kIp6, kName };
  Host kind = Host::kIp4;
  std::string host;
  uint16_t port = 0;
  bool tls = false;
  bool operator==(const HttpAddress&) const = default;

  [[nodiscard]] std::string url() const;             // "https://gateway.example", without a path
  [[nodiscard]] std::string listen_address() const;  // "/ip4/127.0.0.1/tcp/8080"
};

// kInvalidArgument for what is no such address.
Result<HttpAddress> parse_listen_address(std::string_view text);
Result<HttpAddress> parse_http_multiaddr(std::string_view text);
// "http://HOST[:PORT]" or "https://...", without a path, a query or a user.
Result<HttpAddress> parse_http_url(std::string_view text);
// Either of the last two.
Result<HttpAddress> parse_http_address(std::string_view text);

}  // namespace timerose::exchange
