#include "node/network/peer_address.h"

#include <fmt/format.h>

namespace timerose::node {
namespace {

constexpr std::string_view kPeerPart = "/p2p/";
// Longer than any address that makes sense.
constexpr size_t kAddressBytesMax = 1024;

Error not_a_peer(std::string_view text) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("expected a PeerID or a multiaddr that ends with one, such as "
                      "/ip4/127.0.0.1/tcp/4001/p2p/12D3Koo...; found '{}'",
                      text)};
}

}  // namespace

Result<mesh::PeerAddresses> parse_peer(std::string_view text) {
  std::string_view id = text;
  std::string_view address;
  if (text.starts_with('/')) {
    const size_t at = text.rfind(kPeerPart);
    if (at == std::string_view::npos) return not_a_peer(text);
    id = text.substr(at + kPeerPart.size());
    address = text.substr(0, at);
  }
  auto peer = PeerId::parse(id);
  if (!peer.ok()) return not_a_peer(text);
  mesh::PeerAddresses found{*std::move(peer), {}};
  if (!address.empty()) {
    TR_TRY(check_address(address));
    found.addresses.emplace_back(address);
  }
  return found;
}

Result<PeerId> parse_key(std::string_view text) {
  if (text.starts_with("did:key:")) {
    if (const auto key = did_key_parse(text); key.ok()) return PeerId::of(*key);
  } else if (auto peer = PeerId::parse(text); peer.ok()) {
    return peer;
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected a PeerID (12D3Koo..., Qm... or k51...) or the did:key of an "
                           "Ed25519 key (did:key:z6Mk...), whole; found '{}'",
                           text)};
}

std::string format_peer(const mesh::Address& address, const PeerId& peer) {
  return fmt::format("{}{}{}", address, kPeerPart, peer.to_string());
}

Status check_address(std::string_view address) {
  const bool sound = address.size() >= 4 && address.size() <= kAddressBytesMax &&
                     address.front() == '/' && address.back() != '/' &&
                     address.find("//") == std::string_view::npos &&
                     address.find_first_of(" \t\r\n,") == std::string_view::npos;
  if (sound) return success();
  return Error{
      ErrorCode::kInvalidArgument,
      fmt::format("expected a multiaddr such as /ip4/127.0.0.1/tcp/4001; found '{}'", address)};
}

std::string_view ip_of(std::string_view address) {
  if (!address.starts_with("/ip4/") && !address.starts_with("/ip6/")) return {};
  address.remove_prefix(5);
  return address.substr(0, address.find('/'));
}

}  // namespace timerose::node
