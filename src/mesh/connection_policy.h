// Which connections a node keeps, ends and makes again.
//
// Pure: step(now, event) gives actions; no I/O, no thread, no clock. A peer that is protected or
// wanted is never ended to make room; a wanted one is dialed again when it is lost, less and less
// often while it does not answer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/random.h"
#include "mesh/host.h"

namespace timerose::mesh {

struct ConnectionLimits {
  uint32_t low = 96;    // trimmed down to so many peers
  uint32_t high = 192;  // once there are more than this
  // Inbound connections from one address (IPv4, IPv6 /64), and from one subnet (IPv4 /24, IPv6
  // /48). Private networks have no limit of the subnet, loopback has neither. A host turns away by
  // the same numbers what it can before the handshake.
  uint32_t of_address_max = 16;
  uint32_t of_subnet_max = 64;
  uint64_t grace_ns = 20'000'000'000;  // a connection younger than this is not trimmed
  uint64_t retry_first_ns = 1'000'000'000;
  uint64_t retry_max_ns = 300'000'000'000;
};

// --- Events ---
struct PeerOpened {
  ConnectionId connection;
  PeerId peer;
  Direction direction = Direction::kInbound;
  Address address;
};
struct PeerClosed {
  ConnectionId connection;
};
struct PeerUsed {  // something useful passed between us
  PeerId peer;
};
struct PeerDialFailed {
  PeerId peer;
};
struct WantPeer {
  PeerAddresses target;
};
struct UnwantPeer {
  PeerId peer;
};
struct ProtectPeer {  // kept under this tag until it is unprotected under it
  PeerId peer;
  std::string tag;
  bool on = true;
};
struct AllowOnly {  // these peers and no others; empty: all
  std::set<PeerId> peers;
};
struct PolicyTick {};
using PolicyEvent = std::variant<PeerOpened, PeerClosed, PeerUsed, PeerDialFailed, WantPeer,
                                 UnwantPeer, ProtectPeer, AllowOnly, PolicyTick>;

// --- Actions ---
struct EndPeer {
  PeerId peer;
  std::string why;
};
struct DialAgain {
  PeerAddresses target;
};
using PolicyAction = std::variant<EndPeer, DialAgain>;

class ConnectionPolicy {
 public:
  // `random` must outlive it; it spreads the moments of dialing.
  ConnectionPolicy(Random& random, const ConnectionLimits& limits)
      : random_(random), limits_(limits) {}

  std::vector<PolicyAction> step(uint64_t now_ns, const PolicyEvent& event);
  // When the next PolicyTick is due; UINT64_MAX if nothing waits.
  [[nodiscard]] uint64_t next_tick_ns() const;

  [[nodiscard]] const ConnectionLimits& limits() const { return limits_; }
  [[nodiscard]] size_t peers_connected() const { return connected_; }
  [[nodiscard]] bool wanted(const PeerId& peer) const;

 private:
  struct Connection {
    PeerId peer;
    std::string address;  // counted for the limits; empty: not counted
    std::string subnet;
    uint64_t opened_ns = 0;
  };
  struct Peer {
    uint32_t connections = 0;
    uint64_t opened_ns = 0;
    uint64_t used_ns = 0;
    bool ending = false;
    std::set<std::string> protected_by;
    std::optional<PeerAddresses> wanted;
    uint32_t failures = 0;
    uint64_t dial_at_ns = UINT64_MAX;
  };
  using Actions = std::vector<PolicyAction>;

  void on(uint64_t now_ns, const PeerOpened& event, Actions& actions);
  void on(uint64_t now_ns, const PeerClosed& event, Actions& actions);
  void on(uint64_t now_ns, const PeerUsed& event, Actions& actions);
  void on(uint64_t now_ns, const PeerDialFailed& event, Actions& actions);
  void on(uint64_t now_ns, const WantPeer& event, Actions& actions);
  void on(uint64_t now_ns, const UnwantPeer& event, Actions& actions);
  void on(uint64_t now_ns, const ProtectPeer& event, Actions& actions);
  void on(uint64_t now_ns, const AllowOnly& event, Actions& actions);
  void on(uint64_t now_ns, const PolicyTick& event, Actions& actions);

  [[nodiscard]] std::string why_refused(const PeerOpened& event) const;
  void end(Peer& peer, const PeerId& id, std::string why, Actions& actions);
  void trim(uint64_t now_ns, Actions& actions);
  void dial_later(uint64_t now_ns, Peer& peer);
  void forget_if_idle(const PeerId& id);

  Random& random_;
  const ConnectionLimits limits_;
  std::map<ConnectionId, Connection> connections_;
  std::map<PeerId, Peer> peers_;
  std::map<std::string, uint32_t> of_address_;
  std::map<std::string, uint32_t> of_subnet_;
  std::set<PeerId> allowed_;
  size_t connected_ = 0;
  uint64_t trim_at_ns_ = UINT64_MAX;
};

// What the limits count an address as: the bytes of its network prefixes; both empty for loopback,
// for a relayed connection and for what has no IP address, the subnet for a private network.
struct CountedAddress {
  std::string address;
  std::string subnet;
};
CountedAddress counted_address(const Address& address);

}  // namespace timerose::mesh
