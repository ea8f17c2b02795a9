#include "cli/network/own_addresses.h"

#include "node/network/peer_address.h"

namespace timerose::cli {

Result<std::vector<std::string>> own_addresses(node::Network& network) {
  TR_ASSIGN(const auto listening, network.listen_addresses());
  std::vector<std::string> addresses;
  addresses.reserve(listening.size());
  for (const mesh::Address& address : listening) {
    addresses.push_back(node::format_peer(address, network.self()));
  }
  return addresses;
}

}  // namespace timerose::cli
