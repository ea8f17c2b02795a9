#include "node/network/network_settings.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "base/hex.h"
#include "node/network/peer_address.h"

namespace timerose::node {
namespace {

// Inbound connections may go this far beyond the high mark before they are refused at the door.
constexpr uint64_t kConnectionsSpare = 256;

// All strangers together have as much as so many of them.
constexpr uint64_t kStrangersOfOne = 16;
// And all who are no strangers, of bytes of offers and answers, and of output.
constexpr uint64_t kRequestersOfOne = 4;
constexpr uint64_t kOutputsOfOne = 2;

bool is_private(uint32_t address) {
  return address >> 24 == 10 || address >> 20 == 0xac1 || address >> 16 == 0xc0a8;
}

void add_listen(const std::string& ip, bool only_tcp, std::vector<mesh::Address>& out) {
  out.push_back(fmt::format("/ip4/{}/tcp/0", ip));
  if (!only_tcp) out.push_back(fmt::format("/ip4/{}/udp/0/quic-v1", ip));
  out.push_back(fmt::format("/ip4/{}/tcp/0/ws", ip));
}

Status add_lan(bool only_tcp, std::vector<mesh::Address>& out) {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return errno_error(errno, "listing this machine's addresses");
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    if (!is_private(ntohl(address->sin_addr.s_addr))) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size());
    add_listen(text.data(), only_tcp, out);
  }
  freeifaddrs(first);
  return success();
}

Result<std::vector<mesh::Address>> listen_addresses(const Config& config, bool only_tcp) {
  std::vector<mesh::Address> addresses;
  for (std::string& item : config.list_of("Addresses.Listen")) {
    if (item == "loopback") {
      add_listen("127.0.0.1", only_tcp, addresses);
    } else if (item == "lan") {
      TR_TRY(add_lan(only_tcp, addresses));
    } else {
      addresses.push_back(std::move(item));
    }
  }
  return addresses;
}

Result<std::vector<mesh::PeerAddresses>> peers_of(const Config& config, std::string_view name) {
  std::vector<mesh::PeerAddresses> peers;
  for (const std::string& item : config.list_of(name)) {
    TR_ASSIGN(auto peer, parse_peer(item));
    peers.push_back(std::move(peer));
  }
  return peers;
}

Result<std::vector<PeerId>> ids_of(const Config& config, std::string_view name) {
  TR_ASSIGN(const auto peers, peers_of(config, name));
  std::vector<PeerId> ids;
  ids.reserve(peers.size());
  for (const mesh::PeerAddresses& peer : peers) ids.push_back(peer.peer);
  return ids;
}

Result<bitswap::ServingPolicy> serving_policy(const Config& config) {
  const bool all = config.text_of("Bitswap.Serve") == "all";
  bitswap::ServingPolicy serving(all ? bitswap::ServingPolicy::Peers::kAll
                                     : bitswap::ServingPolicy::Peers::kListed);
  if (config.text_of("Bitswap.Serve") == "listed") {
    TR_ASSIGN(const auto listed, ids_of(config, "Bitswap.Peers"));
    for (const PeerId& peer : listed) serving.list_peer(peer);
  }
  for (const std::string& item : config.list_of("Bitswap.Deny")) {
    TR_ASSIGN(const Cid cid, Cid::parse(item));
    serving.deny(cid);
  }
  return serving;
}

// Without overflow.
uint64_t times(uint64_t factor, uint64_t bytes) {
  return bytes > UINT64_MAX / factor ? UINT64_MAX : factor * bytes;
}

// Zero stands for no limit.
uint64_t limit_of(const Config& config, std::string_view name) {
  const uint64_t limit = config.count_of(name);
  return limit == 0 ? UINT64_MAX : limit;
}

scheduler::execute::ExecutorLimits executor_limits(const Config& config) {
  scheduler::execute::ExecutorLimits limits;
  limits.running_of_requester_max =
      static_cast<uint32_t>(std::min<uint64_t>(limit_of(config, "Execute.Running"), UINT32_MAX));
  limits.calls_of_requester_max = config.count_of("Execute.Calls");
  limits.bytes_of_requester_max = config.bytes_of("Execute.Bytes");
  limits.output.of_requester_max = config.bytes_of("Execute.Output");
  limits.output.of_all_max = times(kOutputsOfOne, limits.output.of_requester_max);
  limits.fuel_of_call_max = limit_of(config, "Execute.FuelPerCall");
  limits.fuel_of_requester_a_minute = limit_of(config, "Execute.FuelPerMinute");
  auto& strangers = limits.strangers;
  strangers.running_max = static_cast<uint32_t>(config.count_of("Execute.Strangers.Running"));
  strangers.calls_of_each_max = config.count_of("Execute.Strangers.Calls");
  strangers.calls_max = kStrangersOfOne * strangers.calls_of_each_max;
  strangers.bytes_of_each_max = config.bytes_of("Execute.Strangers.Bytes");
  strangers.bytes_max = kStrangersOfOne * strangers.bytes_of_each_max;
  limits.bytes_max = times(kRequestersOfOne, limits.bytes_of_requester_max);
  limits.bytes_max += std::min(strangers.bytes_max, UINT64_MAX - limits.bytes_max);
  strangers.fuel_of_call_max = config.count_of("Execute.Strangers.FuelPerCall");
  strangers.fuel_a_minute = config.count_of("Execute.Strangers.FuelPerMinute");
  return limits;
}

Result<ExecutionSettings> execution_settings(const Config& config) {
  ExecutionSettings settings;
  settings.limits = executor_limits(config);
  settings.is_open = config.is_on("Execute.Open");
  for (const std::string& item : config.list_of("Bitswap.Deny")) {
    TR_ASSIGN(const Cid cid, Cid::parse(item));
    settings.denied.insert(cid.multihash_bytes());
  }
  for (const std::string& item : config.list_of("Execute.OnlyFunctionsSignedBy")) {
    TR_ASSIGN(const PeerId peer, parse_key(item));
    TR_ASSIGN(const PublicKey key, peer.public_key());
    settings.signers.push_back(key);
  }
  return settings;
}

mesh::DhtMode dht_mode(std::string_view name) {
  if (name == "client") return mesh::DhtMode::kClient;
  if (name == "server") return mesh::DhtMode::kServer;
  return mesh::DhtMode::kAuto;
}

Status set_network_key(const std::string& text, mesh::HostOptions& host) {
  if (text.empty()) return success();
  TR_ASSIGN(const Bytes bytes, hex_decode(text));
  std::copy(bytes.begin(), bytes.end(), host.network_key.emplace().begin());
  return success();
}

}  // namespace

Result<NetworkSettings> network_settings(const Config& config, const std::string& agent) {
  NetworkSettings settings;
  settings.connections.low = static_cast<uint32_t>(config.count_of("Connections.Low"));
  settings.connections.high = static_cast<uint32_t>(config.count_of("Connections.High"));
  settings.connections.of_address_max =
      static_cast<uint32_t>(config.count_of("Connections.OfAddress"));
  settings.connections.of_subnet_max =
      static_cast<uint32_t>(config.count_of("Connections.OfSubnet"));
  if (settings.connections.low > settings.connections.high) {
    return Error{ErrorCode::kInvalidArgument,
                 "Connections.Low is more than Connections.High; change one of them"};
  }
  TR_ASSIGN(settings.allowed, ids_of(config, "Network.Allow"));
  TR_ASSIGN(settings.denied, ids_of(config, "Network.Deny"));
  TR_ASSIGN(settings.kept, ids_of(config, "Connections.Keep"));
  TR_ASSIGN(settings.serving, serving_policy(config));
  TR_ASSIGN(settings.execution, execution_settings(config));
  TR_ASSIGN(settings.provide, provide_strategy_named(config.text_of("Provide.Strategy")));
  settings.history = config.text_of("Node.History");
  settings.jobs_kept = config.count_of("Jobs.Kept");
  settings.shares_executions = config.text_of("Execute.Isolation") == "none";
  settings.http.gateways = config.list_of("Http.Gateways");
  settings.http.routed_providers = config.is_on("Http.Providers");
  mesh::HostOptions& host = settings.host;
  host.agent = agent;
  TR_TRY(set_network_key(config.text_of("Network.Key"), host));
  TR_ASSIGN(host.listen, listen_addresses(config, host.network_key.has_value()));
  host.announce = config.list_of("Addresses.Announce");
  TR_ASSIGN(host.bootstrap, peers_of(config, "Bootstrap"));
  host.dht = dht_mode(config.text_of("Routing.Mode"));
  host.mdns = config.is_on("Discovery.MDNS");
  host.upnp = config.is_on("UPnP");
  host.relay_client = config.is_on("Relay.Client");
  host.relay_server = config.is_on("Relay.Server");
  host.connections_max = static_cast<uint32_t>(settings.connections.high + kConnectionsSpare);
  host.inbound_of_address_max = settings.connections.of_address_max;
  host.inbound_of_subnet_max = settings.connections.of_subnet_max;
  return settings;
}

}  // namespace timerose::node
