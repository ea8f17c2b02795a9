// The host of a real node: rust-libp2p behind the bridge.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"
#include "mesh/host.h"

namespace timerose::mesh {

enum class DhtMode { kAuto, kClient, kServer };  // kAuto: a server while publicly reachable
// Of TCP and WebSocket; QUIC has its own. kBoth: as the two sides agree, TLS first.
enum class Security { kBoth, kNoise, kTls };

struct HostOptions {
  std::string agent = "timerose";
  std::vector<Address> listen;
  std::vector<Address> announce;  // instead of what is found out; empty: what is found out
  std::vector<PeerAddresses> bootstrap;
  std::optional<std::array<uint8_t, 32>> network_key;  // a private network (pnet); TCP and WS only
  Security security = Security::kBoth;
  DhtMode dht = DhtMode::kAuto;
  // Where the DHT records are kept that this node holds for others; none: in memory.
  std::filesystem::path records_folder;
  bool mdns = true;
  bool upnp = false;
  bool relay_client = true;
  bool relay_server = false;
  uint32_t connections_max = 900;  // all, established
  uint32_t connections_of_peer_max = 8;
  uint32_t pending_inbound_max = 128;
  // Inbound, with handshakes under way: of one address (IPv4, IPv6 /64) and of one subnet (IPv4
  // /24, IPv6 /48; none of a private network). One more is refused before its handshake. Loopback
  // is not counted, unless a test has it so.
  uint32_t inbound_of_address_max = 16;
  uint32_t inbound_of_subnet_max = 64;
  bool counts_loopback = false;
  // Until it first asks others whether they can dial it (AutoNAT), and a sixth of the time until it
  // asks again for want of an answer.
  uint32_t reachability_delay_ms = 15'000;
  uint32_t worker_threads = 1;
};

// Starts it. kInvalidArgument for an address that is none, or a folder that cannot be written to.
// It ends, with all its threads and connections, when the object is destroyed.
Result<std::unique_ptr<Host>> start_bridge_host(const PrivateKey& key, const HostOptions& options);

}  // namespace timerose::mesh
