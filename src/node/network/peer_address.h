// A peer as people name it: a PeerID, or a multiaddr that ends with one.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "mesh/host.h"

namespace timerose::node {

// "12D3Koo...", "/p2p/12D3Koo..." or "/ip4/127.0.0.1/tcp/4001/p2p/12D3Koo...": the addresses are
// without "/p2p/...". kInvalidArgument shows the forms there are.
Result<mesh::PeerAddresses> parse_peer(std::string_view text);
// The key of a node: a PeerID in any of its forms, or a did:key.
Result<PeerId> parse_key(std::string_view text);
// The inverse for one address: "ADDRESS/p2p/PEERID".
std::string format_peer(const mesh::Address& address, const PeerId& peer);

// Whether it has the form of a multiaddr ("/NAME/VALUE..."); what is in it is for the host.
Status check_address(std::string_view address);

// The IP address of "/ip4/..." or "/ip6/..."; empty if there is none, as with "/dns4/...".
std::string_view ip_of(std::string_view address);

}  // namespace timerose::node
