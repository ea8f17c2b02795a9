// The asking half of Bitswap: which peer is asked for which block, when.
//
// Pure: step(now, event) gives actions; no I/O, no thread, no clock. The service (service.h) and
// the simulator carry the actions out. Blocks themselves do not come here: who drives the client
// hashes what arrives and says which CIDs they were.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/random.h"
#include "exchange/bitswap/message.h"
#include "multiformats/peer_id.h"

namespace timerose::bitswap {

// Wants that belong together, such as those of one DAG: peers that had one block are asked for the
// next.
enum class SessionId : uint64_t {};

struct ClientLimits {
  uint64_t peer_wants_max = 1024;  // want-blocks that wait at one peer
  // Of blocks expected from one peer, as far as known. Peers on jvm-libp2p end a connection for
  // which more than 10 MiB wait to be sent.
  uint64_t peer_bytes_max = 8U << 20;
  uint64_t session_peers_max = 32;
  uint64_t search_after_ns = 1'000'000'000;  // a session without an answer looks for providers
  uint64_t rebroadcast_ns = 10'000'000'000;
  uint64_t answer_timeout_min_ns = 500'000'000;  // then another peer is asked as well
};

// --- Events ---
struct OpenSession {
  SessionId session;
  std::vector<PeerId> providers;  // asked first, dialed if need be
};
struct CloseSession {
  SessionId session;  // its wants are cancelled
};
struct WantBlocks {
  SessionId session;
  std::vector<Cid> cids;     // in the order in which they are needed
  uint64_t deadline_ns = 0;  // of the monotonic clock; every want has one
};
struct DropWants {
  SessionId session;
  std::vector<Cid> cids;
};
struct PeerConnected {
  PeerId peer;
  Version version = Version::k120;
};
struct PeerDisconnected {
  PeerId peer;
};
struct ProvidersKnown {
  Cid cid;
  std::vector<PeerId> providers;
  bool search_ended = false;
};
struct BlocksArrived {
  PeerId from;
  struct One {
    Cid cid;
    uint32_t bytes;
  };
  // All that could be named by hashing, wanted or not: the client tells what was wanted from what
  // comes late, and from bytes that are none of what was asked for.
  std::vector<One> blocks;
  std::vector<BlockPresence> presences;
};
struct BadBlocks {  // bytes that cannot be named: of a hash that we do not know, or too long
  PeerId from;
  uint32_t count = 1;
};
struct BlockStored {  // it came another way: over HTTP, or was added here
  Cid cid;
};
struct Tick {};

using ClientEvent =
    std::variant<OpenSession, CloseSession, WantBlocks, DropWants, PeerConnected, PeerDisconnected,
                 ProvidersKnown, BlocksArrived, BadBlocks, BlockStored, Tick>;

// --- Actions ---
struct SendWants {
  PeerId peer;
  bool full = false;
  std::vector<Want> wants;
};
struct FindProviders {
  Cid cid;
};
struct DialPeer {
  PeerId peer;
};
// The block that these sessions waited for has arrived; `duplicate` if none did any more.
struct Accept {
  Cid cid;
  PeerId from;
  bool duplicate = false;
  std::vector<SessionId> sessions;
};
// A want whose deadline passed.
struct GiveUp {
  SessionId session;
  Cid cid;
  std::string why;  // who was asked, and what each said
};
struct AvoidPeer {  // it has sent wrong bytes too often
  PeerId peer;
  std::string why;
};

using ClientAction = std::variant<SendWants, FindProviders, DialPeer, Accept, GiveUp, AvoidPeer>;

struct ClientPeerStat {
  PeerId peer;
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  uint64_t duplicate_blocks = 0;
  uint64_t unwanted_blocks = 0;  // valid, but never asked for
  uint64_t bad_blocks = 0;
  uint64_t latency_ns = 0;        // smoothed, from a want to its answer
  uint64_t bytes_per_second = 0;  // smoothed
  uint64_t waiting = 0;           // want-blocks without an answer
};

class Client {
 public:
  explicit Client(Random& random, const ClientLimits& limits = {});
  ~Client();

  std::vector<ClientAction> step(uint64_t now_ns, const ClientEvent& event);
  // When the next Tick is due; UINT64_MAX if nothing waits.
  [[nodiscard]] uint64_t next_tick_ns() const;

  // Whether any session waits for it.
  [[nodiscard]] bool wants(const Cid& cid) const;
  [[nodiscard]] std::vector<Cid> wantlist() const;
  // Of the peers that are connected, and not avoided.
  [[nodiscard]] std::vector<ClientPeerStat> peers() const;
  [[nodiscard]] std::optional<ClientPeerStat> peer(const PeerId& id) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace timerose::bitswap
