// The answering half of Bitswap: which peer is sent which block, when.
//
// Pure, like the client. The server keeps wants and turns; it never sees a block: LookUp asks who
// drives it what the store has, and SendBlocks names what to read and send.
//
// Peers take turns by bytes (deficit round robin), so that one that wants much delays no other;
// within a peer the highest priority goes first, and then what was wanted first. A want for a block
// that is not here is kept until the peer cancels it, and answered when BlocksAdded tells of it. A
// peer that does not read keeps its share of the bytes in flight and no more, and is closed once
// another needs them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "exchange/bitswap/message.h"
#include "multiformats/peer_id.h"

namespace timerose::bitswap {

struct ServerLimits {
  uint64_t peer_wants_max = 16384;           // one more is not kept (answered dont-have if asked)
  uint64_t wants_max = 16U << 20;            // of all peers
  uint64_t message_bytes_max = 2U << 20;     // of blocks in one message, one block at least
  uint64_t peer_bytes_in_flight = 4U << 20;  // handed to the host, not yet written
  uint64_t bytes_in_flight = 64U << 20;      // of all peers
  uint64_t have_replaced_bytes = 1024;       // a block this small is sent for a want-have
  uint64_t look_up_max = 1024;               // CIDs in one LookUp
  uint64_t stall_ns = 30'000'000'000;  // without a MessageSent, then closed if others wait for it
};

// --- Events ---
// Of a peer that is not connected, every other event is passed over.
struct ServerPeerConnected {
  PeerId peer;
  Version version = Version::k120;  // may be told again when it is known better
};
struct ServerPeerDisconnected {
  PeerId peer;
};
struct WantsReceived {
  PeerId from;
  bool full = false;
  std::vector<Want> wants;
};
// The answer to one LookUp, whole: what is left out counts as absent. It had best keep the order of
// the LookUp. The answer to what a peer asked before it last disconnected is not told.
struct LookedUp {
  struct One {
    Cid cid;
    std::optional<uint32_t> bytes;  // absent: not here, or not served to this peer
  };
  PeerId peer;
  std::vector<One> found;
};
// Waiting wants for them are looked up again: for each peer, as what one may have another may not.
struct BlocksAdded {
  std::vector<Cid> cids;
};
// The oldest message for `peer` that has no MessageSent yet has been written by the host, or could
// not be sent.
struct MessageSent {
  PeerId peer;
  uint64_t bytes = 0;
};
struct ServerTick {};

using ServerEvent = std::variant<ServerPeerConnected, ServerPeerDisconnected, WantsReceived,
                                 LookedUp, BlocksAdded, MessageSent, ServerTick>;

// --- Actions ---
// At most one waits for its LookedUp at a time, for each peer.
struct LookUp {
  PeerId peer;
  std::vector<Cid> cids;
};
struct SendBlocks {
  PeerId peer;
  std::vector<Cid> blocks;  // as the peer named them; read, and left out if they are gone meanwhile
  std::vector<BlockPresence> presences;
  int32_t pending_bytes = 0;  // of blocks that wait behind these
  uint64_t bytes = 0;         // as MessageSent will say
};
// The peer has read nothing for stall_ns while others wait for the room that it holds: end its
// streams, or the connection. ServerPeerDisconnected, or MessageSent for all that waits, follows.
struct ClosePeer {
  PeerId peer;
};

using ServerAction = std::variant<LookUp, SendBlocks, ClosePeer>;

// What has passed between us and a peer while it is connected.
struct Ledger {
  PeerId peer;
  uint64_t bytes_sent = 0;
  uint64_t blocks_sent = 0;
  uint64_t wants_received = 0;
  uint64_t wants_waiting = 0;
  uint64_t wants_refused = 0;  // over a limit
};

class Server {
 public:
  // `hash_seed` is a secret, so that no peer can choose CIDs that collide in our tables.
  explicit Server(const ServerLimits& limits = {}, uint64_t hash_seed = 0);
  ~Server();

  std::vector<ServerAction> step(uint64_t now_ns, const ServerEvent& event);
  // When the next ServerTick is due; UINT64_MAX if nothing waits.
  [[nodiscard]] uint64_t next_tick_ns() const;

  [[nodiscard]] std::optional<Ledger> ledger(const PeerId& peer) const;
  [[nodiscard]] std::vector<Ledger> ledgers() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace timerose::bitswap
