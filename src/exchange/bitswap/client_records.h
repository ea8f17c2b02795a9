// What the client remembers: wants, who waits for them, which peers were asked and what each said.
// Plain data; the rules are in the client_*.cc files.
#pragma once

#include <algorithm>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "exchange/bitswap/client.h"
#include "exchange/bitswap/peer_meter.h"
#include "exchange/bitswap/timer_heap.h"

namespace timerose::bitswap {

struct SoughtBlock;
struct PeerRecord;
struct SessionRecord;

// How it stands between one want and one peer.
enum class AskState : uint8_t {
  kNothing,   // never asked; a routing record may name it
  kBlock,     // want-block, no answer yet
  kLate,      // want-block, and its time is over: others are asked as well
  kPresence,  // want-have, no answer yet
  kHas,       // it said so, or routing said so of it
  kHasNot,    // it said so
  kGone,      // disconnected, or avoided, before it answered
};

struct Ask {
  SoughtBlock* want = nullptr;
  PeerRecord* peer = nullptr;
  AskState state = AskState::kNothing;
  bool sent = false;     // the peer has this want in its list
  bool refused = false;  // it has said once that it has it not
  bool again = false;    // may be asked once more, whatever it said
  bool alone = false;    // nothing else waited at the peer when it was asked
  uint64_t asked_ns = 0;
  uint64_t bytes = 0;  // that the block was supposed to have
  uint64_t bytes_at_most = 0;
  uint64_t answers_before = 0;      // of the peer, when it was asked
  uint64_t ahead = 0;               // wants that waited at the peer before this one
  std::list<Ask*>::iterator place;  // in the peer's list for kBlock, kLate and kPresence
};

// One session's interest in one want.
struct Claim : Timer {
  Claim(SessionRecord& of, SoughtBlock& wanted)
      : Timer(Kind::kClaim), session(&of), want(&wanted) {}
  SessionRecord* session;
  SoughtBlock* want;
  std::list<Claim*>::iterator place;  // in the session's claims
};

using SoughtQueue = std::list<SoughtBlock*>;

struct SoughtBlock {
  explicit SoughtBlock(Cid name) : cid(std::move(name)) {}
  const Cid cid;
  std::vector<std::unique_ptr<Claim>> claims;  // one at least; the first one's session is its home
  std::vector<std::unique_ptr<Ask>> asks;
  std::vector<const PeerRecord*> asked;  // of each ask the peer: quick to look through
  SoughtQueue* queue = nullptr;          // the one that it stands in, if it does
  SoughtQueue::iterator place;
  uint32_t blocks_waiting = 0;     // asks in kBlock
  uint32_t presences_waiting = 0;  // asks in kPresence
  uint64_t search_round = 0;       // of its home, in which its providers were looked for
  bool searching = false;          // and that search goes on
  bool probed = false;             // counts against its home's probes_left
  uint32_t searches = 0;
  uint32_t providers_found = 0;

  [[nodiscard]] SessionRecord& home() const { return *claims.front()->session; }
};

// A peer in a session.
struct Member {
  PeerRecord* peer = nullptr;
  uint64_t blocks = 0;
  uint32_t misses_in_row = 0;
  double hit_rate = 0.5;    // smoothed: of what it was asked for, how much it had
  bool waited_for = false;  // the session stands in its `waiters`
};

struct SessionRecord : Timer {
  explicit SessionRecord(SessionId session) : Timer(Kind::kSession), id(session) {}
  const SessionId id;
  std::list<Claim*> claims;  // in the order in which they came
  std::vector<Member> members;
  std::vector<PeerRecord*> awaited;  // providers that are not connected

  // Each of its wants stands in one of these, or in a peer's `held`, or waits for an answer.
  SoughtQueue ready;     // to be asked for
  SoughtQueue unprobed;  // no member has it; other connected peers were not asked yet
  SoughtQueue starved;   // everyone has answered: providers have to be found
  SoughtQueue searched;  // and they have been looked for

  uint64_t quiet_since_ns = 0;  // the last block, the first want, or what was done last about it
  uint64_t interval_ns = 0;     // of quiet, until something is done about it
  uint64_t rebroadcast_at_ns = 0;
  uint64_t search_round = 1;
  uint32_t searching = 0;     // searches of this round that have not ended
  uint32_t probes_left = 0;   // wants for which all connected peers may still be asked at once
  bool dial_awaited = false;  // connected peers are not asked while a provider is being dialed
  bool changed = false;       // it is in the list of sessions to look at

  // Sizes of its blocks, smoothed: leaves, and everything else.
  uint64_t raw_bytes = 0;
  uint64_t node_bytes = 0;
};

struct PeerRecord : Timer {
  explicit PeerRecord(PeerId peer) : Timer(Kind::kPeer), id(std::move(peer)) {}
  const PeerId id;
  Version version = Version::k120;
  bool connected = false;
  bool avoided = false;
  bool silent = false;    // it has let its time pass, and has said nothing since
  bool full = false;      // not asked for more until a quarter of its room is free
  bool changed = false;   // it is in the list of peers to look at
  size_t references = 0;  // asks and sessions that point here

  PeerMeter meter;
  double hit_rate = 0.5;  // as a member's, over all sessions
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  uint64_t duplicates = 0;
  uint64_t unwanted = 0;
  uint64_t bad = 0;
  uint64_t answers = 0;  // to wants for blocks
  uint64_t heard_ns = 0;
  uint64_t dialed_ns = 0;  // 0: never

  std::list<Ask*> waiting;     // kBlock, in the order of asking
  std::list<Ask*> late;        // kLate
  std::list<Ask*> presences;   // kPresence
  uint64_t bytes_waiting = 0;  // of `waiting` and `late`
  uint64_t bytes_at_most = 0;  // of the same: what there must be room for

  SoughtQueue held;                 // that only this one may have, until it has room
  std::deque<SessionId> waiters;    // sessions that have more to ask once it has room
  std::set<SessionId> sessions;     // those it is a member of
  std::set<SessionId> awaited_by;   // those that wait for it to connect
  std::optional<SessionId> served;  // the session of its latest block

  std::vector<bitswap::Want> outbox;  // of this step

  [[nodiscard]] size_t blocks_waiting() const { return waiting.size() + late.size(); }
  [[nodiscard]] bool usable() const { return connected && !avoided; }
  [[nodiscard]] bool knows_have() const { return version == Version::k120; }
  // Asked only where nobody else is left.
  [[nodiscard]] bool doubtful() const { return silent || bad > 0; }
};

inline Ask* find_ask(const SoughtBlock& want, const PeerRecord& peer) {
  const auto found = std::find(want.asked.begin(), want.asked.end(), &peer);
  if (found == want.asked.end()) return nullptr;
  return want.asks[static_cast<size_t>(found - want.asked.begin())].get();
}

inline Member* find_member(SessionRecord& session, const PeerRecord& peer) {
  for (Member& member : session.members) {
    if (member.peer == &peer) return &member;
  }
  return nullptr;
}

}  // namespace timerose::bitswap
