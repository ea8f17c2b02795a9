// Where peers and HTTP servers are, as people, records and other nodes write it: what is understood
// says the same again when it is written down, and what the peer book keeps comes back.
#include "base/check.h"
#include "exchange/http_address.h"
#include "names/record_router.h"
#include "node/network/peer_address.h"
#include "node/records/peer_book.h"

namespace exchange = timerose::exchange;
namespace names = timerose::names;
namespace node = timerose::node;

namespace {

void check_peer(std::string_view text) {
  const auto peer = node::parse_peer(text);
  if (!peer.ok()) return;
  const timerose::mesh::Address address = peer->addresses.empty() ? "" : peer->addresses.front();
  const auto again = node::parse_peer(node::format_peer(address, peer->peer));
  CHECK(again.ok() && again->peer == peer->peer && again->addresses == peer->addresses);
}

void check_http(std::string_view text) {
  if (const auto listen = exchange::parse_listen_address(text); listen.ok()) {
    CHECK(*exchange::parse_listen_address(listen->listen_address()) == *listen);
  }
  const auto address = exchange::parse_http_address(text);
  if (!address.ok()) return;
  const auto again = exchange::parse_http_url(address->url());
  CHECK(again.ok() && again->url() == address->url());
  // It becomes a part of a request's head.
  for (const char c : address->url()) CHECK(c > ' ' && c <= '~');
}

// Addresses that other nodes tell, one a line, are kept and loaded again.
void check_book(std::string_view text) {
  static timerose::sqlite::Database records(":memory:");
  static timerose::SystemClock clock;
  static const auto peer = timerose::PeerId::of(timerose::PrivateKey::from_seed({1}).public_key());
  auto book = node::PeerBook::load(records, clock);
  CHECK(book.ok());
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string address(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (node::check_address(address).ok()) book->met(peer, {address});
  }
  CHECK(node::PeerBook::save(records, book->take_changes()).ok());
  const auto again = node::PeerBook::load(records, clock);
  CHECK(again.ok() && again->addresses_of(peer) == book->addresses_of(peer));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = timerose::as_text({data, size});
  check_peer(text);
  check_http(text);
  check_book(text);
  (void)node::ip_of(text);
  if (const auto name = names::name_of_topic(text); name.ok()) {
    CHECK(names::name_of_topic(names::topic_of(*name)).ok());
  }
  return 0;
}
