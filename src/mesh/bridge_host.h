// The host of a real node: rust-libp2p behind the bridge.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"
#include "mesh/host.h"

namespace timerose::mesh {

enum class DhtMode { kAuto, kClient, kServer };  // kAuto: a server while publicly reachable

struct HostOptions {
  std::string agent = "timerose";
  std::vector<Address> listen;
  std::vector<Address> announce;  // instead of what is found out; empty: what is found out
  std::vector<PeerAddresses> bootstrap;
  std::optional<std::array<uint8_t, 32>> network_key;  // a private network (pnet); TCP and WS only
  DhtMode dht = DhtMode::kAuto;
  bool mdns = true;
  bool upnp = false;
  bool relay_client = true;
  bool relay_server = false;
  uint32_t connections_max = 900;  // all, established
  uint32_t connections_of_peer_max = 8;
  uint32_t pending_inbound_max = 128;
  uint32_t worker_threads = 1;
};

// Starts it. kInvalidArgument for an address that is none. It ends, with all its threads and
// connections, when the object is destroyed.
Result<std::unique_ptr<Host>> start_bridge_host(const PrivateKey& key, const HostOptions& options);

}  // namespace timerose::mesh
