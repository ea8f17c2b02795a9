// The answering half of Bitswap: which peer is sent which block, when.
//
// Pure, like the client. The server keeps wants and turns; it never sees a block: LookUp asks who
// drives it what the store has, and SendBlocks names what to read and send.
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
};

// --- Events ---
struct ServerPeerConnected {
  PeerId peer;
  Version version = Version::k120;
};
struct ServerPeerDisconnected {
  PeerId peer;
};
struct WantsReceived {
  PeerId from;
  bool full = false;
  std::vector<Want> wants;
};
struct LookedUp {
  struct One {
    Cid cid;
    std::optional<uint32_t> bytes;  // absent: not here, or not served to this peer
  };
  PeerId peer;
  std::vector<One> found;
};
struct BlocksAdded {  // waiting wants for them are answered
  std::vector<LookedUp::One> blocks;
};
// A message for `peer` has been written by the host, or could not be sent.
struct MessageSent {
  PeerId peer;
  uint64_t bytes = 0;
};

using ServerEvent = std::variant<ServerPeerConnected, ServerPeerDisconnected, WantsReceived,
                                 LookedUp, BlocksAdded, MessageSent>;

// --- Actions ---
struct LookUp {
  PeerId peer;
  std::vector<Cid> cids;
};
struct SendBlocks {
  PeerId peer;
  std::vector<Cid> blocks;  // read, and left out if they are gone meanwhile
  std::vector<BlockPresence> presences;
  int32_t pending_bytes = 0;
  uint64_t bytes = 0;  // as MessageSent will say
};

using ServerAction = std::variant<LookUp, SendBlocks>;

// What has passed between us and a peer.
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
  explicit Server(const ServerLimits& limits = {});
  ~Server();

  std::vector<ServerAction> step(uint64_t now_ns, const ServerEvent& event);

  [[nodiscard]] std::optional<Ledger> ledger(const PeerId& peer) const;
  [[nodiscard]] std::vector<Ledger> ledgers() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace timerose::bitswap
