#include "exchange/http_address.h"

#include <gtest/gtest.h>

namespace timerose::exchange {
namespace {

std::string url_of(std::string_view text) {
  const auto parsed = parse_http_address(text);
  return parsed.ok() ? parsed->url() : "refused";
}

TEST(HttpAddress, IsReadFromAMultiaddr) {
  EXPECT_EQ(url_of("/ip4/127.0.0.1/tcp/8080/http"), "http://127.0.0.1:8080");
  EXPECT_EQ(url_of("/ip6/::1/tcp/8080/http"), "http://[::1]:8080");
  EXPECT_EQ(url_of("/dns4/gateway.example/tcp/443/https"), "https://gateway.example");
  EXPECT_EQ(url_of("/dns/gateway.example/tcp/443/tls/http"), "https://gateway.example");
  EXPECT_EQ(url_of("/dns6/gateway.example/tcp/8443/tls/http"), "https://gateway.example:8443");
  EXPECT_EQ(url_of("/ip4/192.0.2.1/tcp/443/tls/sni/gateway.example/http"),
            "https://gateway.example");
  EXPECT_EQ(url_of("/dns4/a.example/tcp/80/http/p2p/12D3KooWExample"), "http://a.example");
}

TEST(HttpAddress, IsReadFromAUrl) {
  EXPECT_EQ(url_of("https://gateway.example"), "https://gateway.example");
  EXPECT_EQ(url_of("https://gateway.example/"), "https://gateway.example");
  EXPECT_EQ(url_of("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
  EXPECT_EQ(url_of("http://[::1]:80"), "http://[::1]");
}

TEST(HttpAddress, IsNothingElse) {
  for (const char* text : {"",
                           "/",
                           "gateway.example",
                           "ftp://gateway.example",
                           "file:///etc/passwd",
                           "http://user@gateway.example",
                           "http://gateway.example/path",
                           "http://gateway.example?x",
                           "http://gateway.example:0",
                           "http://gateway.example:99999",
                           "http://",
                           "http://[::1",
                           "http://a b",
                           "http://-x",
                           "/ip4/127.0.0.1/tcp/8080",
                           "/ip4/127.0.0.1/udp/8080/http",
                           "/ip4/1.2.3/tcp/80/http",
                           "/ip4/127.0.0.1/tcp/0/http",
                           "/ip4/127.0.0.1/tcp/x/http",
                           "/dns4/a/b/tcp/80/http",
                           "/ip4/127.0.0.1/tcp/80/ws",
                           "/ip4/127.0.0.1/tcp/80/http/x",
                           "/ip4/127.0.0.1/tcp/80/tls",
                           "/dns4/a\r\nb/tcp/80/http"}) {
    const auto parsed = parse_http_address(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(HttpAddress, OfListeningReadsBack) {
  for (const char* text : {"/ip4/127.0.0.1/tcp/8080", "/ip6/::1/tcp/0"}) {
    EXPECT_EQ(parse_listen_address(text)->listen_address(), text);
  }
  EXPECT_TRUE(parse_listen_address("/ip4/127.0.0.1/tcp/8080/http").ok());
  EXPECT_FALSE(parse_listen_address("/dns4/localhost/tcp/8080").ok());
  EXPECT_FALSE(parse_listen_address("127.0.0.1:8080").ok());
}

}  // namespace
}  // namespace timerose::exchange
