// What the server keeps, and the two halves of what it does with it: wants (server_wants.cc) and
// turns (server_turns.cc).
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "exchange/bitswap/cid_table.h"
#include "exchange/bitswap/server.h"
#include "exchange/bitswap/want_records.h"

namespace timerose::bitswap {

// A message that the host has and has not written yet.
struct InFlight {
  uint64_t bytes = 0;
  uint64_t block_bytes = 0;
  uint32_t first = kNone;  // of the wants whose blocks these are: a list by WantRecord::next
  uint32_t blocks = 0;
};

struct ServedPeer {
  ServedPeer(PeerId peer, uint32_t given, uint64_t hash_seed)
      : id(std::move(peer)), number(given), wants(hash_seed) {}

  const PeerId id;

  // What every turn looks at lies together.
  WantQueue ready;
  uint64_t ready_block_bytes = 0;
  uint64_t bytes_in_flight = 0;
  uint64_t deficit = 0;       // bytes that it may still be sent in this turn
  bool has_turn = false;      // is in State::turns
  bool turn_started = false;  // and has been given its share for this turn
  bool closing = false;
  Version version = Version::k120;
  const uint32_t number;
  std::deque<InFlight> in_flight;
  uint64_t progress_ns = 0;  // the last time that the host wrote, or began to have something
  uint64_t bytes_sent = 0;
  uint64_t blocks_sent = 0;
  WantIndex wants;

  WantQueue to_look;
  std::vector<uint32_t> looking;  // of the LookUp that waits for its answer; kNone: answered
  uint32_t next_order = 0;
  uint64_t wants_received = 0;
  uint64_t wants_refused = 0;
};

// Keyed, as peers may choose their ids.
struct PeerHash {
  uint64_t seed;
  size_t operator()(const PeerId& peer) const { return keyed_hash(peer.bytes(), seed); }
};

struct Server::State {
  State(const ServerLimits& given, uint64_t hash_seed)
      : limits(given), seed(hash_seed), peers(0, PeerHash{hash_seed}), cids(hash_seed) {}

  const ServerLimits limits;
  const uint64_t seed;
  std::unordered_map<PeerId, std::unique_ptr<ServedPeer>, PeerHash> peers;
  std::vector<ServedPeer*> by_number;  // null: free
  CidTable cids;
  WantPool wants;
  std::deque<ServedPeer*> turns;  // of peers that have something ready and room of their own
  uint64_t bytes_in_flight = 0;
  bool starved = false;                  // a peer waits for room that others hold
  uint64_t stall_check_ns = UINT64_MAX;  // no peer stalls before this
  uint64_t now_ns = 0;                   // of the step at hand, as is `out`
  std::vector<ServerAction> out;

  [[nodiscard]] ServedPeer* find(const PeerId& peer) const;
  [[nodiscard]] Ledger ledger_of(const ServedPeer& peer) const;

  // --- Events ---
  void on(const ServerPeerConnected& event);
  void on(const ServerPeerDisconnected& event);
  void on(const WantsReceived& event);
  void on(const LookedUp& event);
  void on(const BlocksAdded& event);
  void on(const MessageSent& event);
  void on(const ServerTick& /*event*/) {}

  // --- Wants (server_wants.cc) ---
  void take_want(ServedPeer& peer, const Want& want, std::vector<BlockPresence>& refused);
  void keep_want(ServedPeer& peer, const Want& want, uint32_t cid);
  void repeat_want(ServedPeer& peer, uint32_t want, const Want& again);
  void cancel_want(ServedPeer& peer, uint32_t want);
  [[nodiscard]] uint32_t find_want(const ServedPeer& peer, const Cid& cid) const;
  void drop_unlisted(ServedPeer& peer, const std::vector<Want>& listed);
  void remove_want(ServedPeer& peer, uint32_t want);
  // Takes a want out of the queue and the list that its state has it in, then has it in another.
  void move_want(ServedPeer& peer, uint32_t want, WantState state);
  void take_off(ServedPeer& peer, uint32_t want);
  void put_on(ServedPeer& peer, uint32_t want);
  void looked_up(ServedPeer& peer, uint32_t want, std::optional<uint32_t> bytes);
  [[nodiscard]] uint32_t looking_for(const ServedPeer& peer, size_t place, const Cid& cid) const;
  void block_added(uint32_t cid, std::vector<ServedPeer*>& touched);
  void look_up(ServedPeer& peer);
  void prefetch_upcoming(const WantQueue& queue) const;
  void link(uint32_t want);
  void unlink(uint32_t want);

  // --- Turns (server_turns.cc) ---
  void refuse(ServedPeer& peer, std::vector<BlockPresence> dont_have);
  void give_turn(ServedPeer& peer);
  void take_turns();
  [[nodiscard]] uint32_t cost_of(uint32_t want) const;
  [[nodiscard]] uint64_t own_room(const ServedPeer& peer) const;
  [[nodiscard]] uint64_t room() const;
  [[nodiscard]] uint64_t least_message(const ServedPeer& peer) const;
  void send_message(ServedPeer& peer, uint64_t bytes_max);
  void add_to_message(ServedPeer& peer, SendBlocks& message, InFlight& sent);
  void in_flight(ServedPeer& peer, const InFlight& sent);
  void close_stalled();
  void expect_progress(const ServedPeer& peer);
};

}  // namespace timerose::bitswap
