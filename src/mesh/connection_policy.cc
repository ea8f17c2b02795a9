#include "mesh/connection_policy.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace timerose::mesh {
namespace {

// Beyond this many failures the wait does not grow any more.
constexpr uint32_t kFailuresCounted = 16;

std::string text_of(ByteView bytes) { return std::string(as_text(bytes)); }

uint64_t random_below(Random& random, uint64_t bound) {
  std::array<uint8_t, 8> bytes{};
  random.fill(bytes);
  uint64_t value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return bound == 0 ? 0 : value % bound;
}

// With link-local ones.
bool is_private_v4(ByteView ip) {
  return ip[0] == 10 || (ip[0] == 172 && ip[1] >> 4 == 1) || (ip[0] == 192 && ip[1] == 168) ||
         (ip[0] == 169 && ip[1] == 254);
}
bool is_private_v6(ByteView ip) {
  return ip[0] >> 1 == 0xfc >> 1 || (ip[0] == 0xfe && ip[1] >> 6 == 2);
}

void count(std::map<std::string, uint32_t>& counts, const std::string& name) {
  if (!name.empty()) ++counts[name];
}
void uncount(std::map<std::string, uint32_t>& counts, const std::string& name) {
  const auto found = counts.find(name);
  if (found != counts.end() && --found->second == 0) counts.erase(found);
}

}  // namespace

CountedAddress counted_address(const Address& address) {
  if (address.find("/p2p-circuit") != std::string::npos) return {};
  const bool v4 = address.starts_with("/ip4/");
  if (!v4 && !address.starts_with("/ip6/")) return {};
  const std::string ip = address.substr(5, address.find('/', 5) - 5);
  std::array<uint8_t, 16> bytes{};
  if (inet_pton(v4 ? AF_INET : AF_INET6, ip.c_str(), bytes.data()) != 1) return {};
  const ByteView all(bytes);
  constexpr std::array<uint8_t, 16> kLoopback6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  if (v4 ? bytes[0] == 127 : bytes == kLoopback6) return {};
  CountedAddress counted =
      v4 ? CountedAddress{"4" + text_of(all.first(4)), "4" + text_of(all.first(3))}
         : CountedAddress{"6" + text_of(all.first(8)), "6" + text_of(all.first(6))};
  if (v4 ? is_private_v4(all) : is_private_v6(all)) counted.subnet.clear();
  return counted;
}

std::vector<PolicyAction> ConnectionPolicy::step(uint64_t now_ns, const PolicyEvent& event) {
  Actions actions;
  std::visit([&](const auto& one) { on(now_ns, one, actions); }, event);
  return actions;
}

uint64_t ConnectionPolicy::next_tick_ns() const {
  uint64_t next = trim_at_ns_;
  for (const auto& [id, peer] : peers_) next = std::min(next, peer.dial_at_ns);
  return next;
}

bool ConnectionPolicy::wanted(const PeerId& peer) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.wanted.has_value();
}

std::string ConnectionPolicy::why_refused(const PeerOpened& event) const {
  if (!allowed_.empty() && !allowed_.contains(event.peer))
    return "not on the list of peers allowed";
  if (event.direction == Direction::kOutbound) return {};
  const CountedAddress counted = counted_address(event.address);
  if (counted.address.empty()) return {};
  const auto address = of_address_.find(counted.address);
  if (address != of_address_.end() && address->second >= limits_.of_address_max) {
    return fmt::format("more than {} connections from one address", limits_.of_address_max);
  }
  const auto subnet = of_subnet_.find(counted.subnet);
  if (subnet != of_subnet_.end() && subnet->second >= limits_.of_subnet_max) {
    return fmt::format("more than {} connections from one subnet", limits_.of_subnet_max);
  }
  return {};
}

void ConnectionPolicy::on(uint64_t now_ns, const PeerOpened& event, Actions& actions) {
  const std::string refused = why_refused(event);
  Connection connection{event.peer, {}, {}, now_ns};
  if (event.direction == Direction::kInbound) {
    CountedAddress counted = counted_address(event.address);
    connection.address = std::move(counted.address);
    connection.subnet = std::move(counted.subnet);
  }
  count(of_address_, connection.address);
  count(of_subnet_, connection.subnet);
  connections_.insert_or_assign(event.connection, std::move(connection));
  Peer& peer = peers_[event.peer];
  if (++peer.connections == 1) {
    ++connected_;
    peer.opened_ns = now_ns;
    peer.used_ns = now_ns;
  }
  peer.dial_at_ns = UINT64_MAX;
  if (!refused.empty()) return end(peer, event.peer, refused, actions);
  if (connected_ > limits_.high) trim(now_ns, actions);
}

void ConnectionPolicy::on(uint64_t now_ns, const PeerClosed& event, Actions&) {
  const auto found = connections_.find(event.connection);
  if (found == connections_.end()) return;
  const Connection connection = std::move(found->second);
  connections_.erase(found);
  uncount(of_address_, connection.address);
  uncount(of_subnet_, connection.subnet);
  Peer& peer = peers_.find(connection.peer)->second;
  if (--peer.connections > 0) return;
  --connected_;
  peer.ending = false;
  if (peer.wanted) {
    // One that ends every connection at once must not be dialed in a tight loop.
    if (now_ns - peer.opened_ns >= limits_.grace_ns) peer.failures = 0;
    dial_later(now_ns, peer);
  }
  forget_if_idle(connection.peer);
}

void ConnectionPolicy::on(uint64_t now_ns, const PeerUsed& event, Actions&) {
  const auto found = peers_.find(event.peer);
  if (found != peers_.end()) found->second.used_ns = now_ns;
}

void ConnectionPolicy::on(uint64_t now_ns, const PeerDialFailed& event, Actions&) {
  const auto found = peers_.find(event.peer);
  if (found == peers_.end() || !found->second.wanted || found->second.connections > 0) return;
  dial_later(now_ns, found->second);
}

void ConnectionPolicy::on(uint64_t, const WantPeer& event, Actions& actions) {
  Peer& peer = peers_[event.target.peer];
  peer.wanted = event.target;
  peer.failures = 0;
  if (peer.connections == 0) actions.emplace_back(DialAgain{event.target});
}

void ConnectionPolicy::on(uint64_t, const UnwantPeer& event, Actions&) {
  const auto found = peers_.find(event.peer);
  if (found == peers_.end()) return;
  found->second.wanted.reset();
  found->second.dial_at_ns = UINT64_MAX;
  forget_if_idle(event.peer);
}

void ConnectionPolicy::on(uint64_t, const ProtectPeer& event, Actions&) {
  Peer& peer = peers_[event.peer];
  if (event.on) {
    peer.protected_by.insert(event.tag);
  } else {
    peer.protected_by.erase(event.tag);
  }
  forget_if_idle(event.peer);
}

void ConnectionPolicy::on(uint64_t, const AllowOnly& event, Actions& actions) {
  allowed_ = event.peers;
  if (allowed_.empty()) return;
  for (auto& [id, peer] : peers_) {
    if (peer.connections == 0 || allowed_.contains(id)) continue;
    end(peer, id, "not on the list of peers allowed", actions);
  }
}

void ConnectionPolicy::on(uint64_t now_ns, const PolicyTick&, Actions& actions) {
  if (trim_at_ns_ <= now_ns) {
    trim_at_ns_ = UINT64_MAX;
    if (connected_ > limits_.high) trim(now_ns, actions);
  }
  for (auto& [id, peer] : peers_) {
    if (peer.dial_at_ns > now_ns) continue;
    peer.dial_at_ns = UINT64_MAX;
    actions.emplace_back(DialAgain{*peer.wanted});
  }
}

void ConnectionPolicy::end(Peer& peer, const PeerId& id, std::string why, Actions& actions) {
  if (peer.ending) return;
  peer.ending = true;
  actions.emplace_back(EndPeer{id, std::move(why)});
}

void ConnectionPolicy::trim(uint64_t now_ns, Actions& actions) {
  std::vector<std::pair<uint64_t, PeerId>> candidates;  // least recently used first
  size_t staying = 0;
  uint64_t oldest_young_ns = UINT64_MAX;
  for (const auto& [id, peer] : peers_) {
    if (peer.connections == 0 || peer.ending) continue;
    ++staying;
    if (peer.wanted || !peer.protected_by.empty()) continue;
    if (now_ns - peer.opened_ns < limits_.grace_ns) {
      oldest_young_ns = std::min(oldest_young_ns, peer.opened_ns);
    } else {
      candidates.emplace_back(peer.used_ns, id);
    }
  }
  if (staying <= limits_.high) return;
  std::sort(candidates.begin(), candidates.end());
  for (const auto& [used_ns, id] : candidates) {
    if (staying <= limits_.low) return;
    end(peers_.find(id)->second, id, "making room for others", actions);
    --staying;
  }
  if (staying > limits_.high && oldest_young_ns != UINT64_MAX) {
    trim_at_ns_ = oldest_young_ns + limits_.grace_ns;
  }
}

// Twice as long for each failure, at most retry_max_ns, then between half of it and all of it.
void ConnectionPolicy::dial_later(uint64_t now_ns, Peer& peer) {
  const uint32_t doublings = std::min(peer.failures, kFailuresCounted);
  const uint64_t wait_ns = std::min(limits_.retry_first_ns << doublings, limits_.retry_max_ns);
  ++peer.failures;
  peer.dial_at_ns = now_ns + wait_ns / 2 + random_below(random_, wait_ns / 2 + 1);
}

void ConnectionPolicy::forget_if_idle(const PeerId& id) {
  const auto found = peers_.find(id);
  if (found == peers_.end()) return;
  const Peer& peer = found->second;
  if (peer.connections == 0 && !peer.wanted && peer.protected_by.empty()) peers_.erase(found);
}

}  // namespace timerose::mesh
