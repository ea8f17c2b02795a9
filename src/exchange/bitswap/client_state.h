// The rules of the client, over its records. One step: an event changes records and marks the
// sessions and peers that it touched; settle() then asks for what can be asked for; flush() turns
// what each peer is to be told into few messages.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "exchange/bitswap/client.h"
#include "exchange/bitswap/client_records.h"
#include "exchange/bitswap/recent_cids.h"
#include "exchange/bitswap/timer_heap.h"

namespace timerose::bitswap {

// Wants of one message: what every implementation takes at once (some keep 1,024 of a peer).
inline constexpr size_t kMessageWantsMax = 512;
// Wants of one session for which all connected peers are asked at once.
inline constexpr uint32_t kProbesMax = 16;
// Members that are asked for presence when one did not have what it was asked for.
inline constexpr size_t kHedgePeersMax = 8;
// Searches for providers that one session has under way.
inline constexpr uint32_t kSearchesMax = 4;
// Providers that one session waits for to connect.
inline constexpr size_t kAwaitedPeersMax = 64;
// A member that lacked this many wants in a row leaves its session.
inline constexpr uint32_t kMissesInRowMax = 16;
// Wrong bytes this often, and the peer is avoided.
inline constexpr uint64_t kBadBlocksMax = 3;
// So many blocks that nobody asked for, and more than were asked for: likewise.
inline constexpr uint64_t kUnwantedBlocksMax = 256;
// Connected peers are asked, while providers are dialed, after this part of search_after_ns.
inline constexpr uint64_t kDialPatienceShare = 4;
// Records of peers that left.
inline constexpr size_t kPeersRememberedMax = 1024;
// What is supposed of a block of which nothing is known: for how long it takes, and, as the largest
// that is common, for whether there is room for it, so that no first question is for more than
// peer_bytes_max.
inline constexpr uint64_t kBlockBytesSupposed = 256U << 10;
inline constexpr uint64_t kBlockBytesSupposedMost = 1U << 20;
// A peer's silence is never waited for longer.
inline constexpr uint64_t kPatienceMaxNs = 10'000'000'000;

struct Client::State {
 public:
  State(Random& random, const ClientLimits& limits) : random_(random), limits_(limits) {}

  std::vector<ClientAction> step(uint64_t now_ns, const ClientEvent& event);
  [[nodiscard]] uint64_t next_tick_ns() const { return timers_.next_ns(); }
  [[nodiscard]] bool wants(const Cid& cid) const { return wants_.contains(cid); }
  [[nodiscard]] std::vector<Cid> wantlist() const;
  [[nodiscard]] std::vector<ClientPeerStat> peers() const;
  [[nodiscard]] std::optional<ClientPeerStat> peer(const PeerId& id) const;

 private:
  struct Choice {
    PeerRecord* peer = nullptr;  // the best that has room
    PeerRecord* full = nullptr;  // the best that has none
    uint32_t peer_rank = UINT32_MAX;
    uint32_t full_rank = UINT32_MAX;
    uint64_t peer_cost = UINT64_MAX;
    uint64_t full_cost = UINT64_MAX;
  };

  // client.cc: events, and the frame of a step
  void on(const OpenSession& event);
  void on(const CloseSession& event);
  void on(const WantBlocks& event);
  void on(const DropWants& event);
  void on(const PeerConnected& event);
  void on(const PeerDisconnected& event);
  void on(const ProvidersKnown& event);
  void on(const BlocksArrived& event);
  void on(const BadBlocks& event);
  void on(const BlockStored& event);
  void on(const Tick& event);
  void wake(Timer& timer);
  void give_up(Claim& claim);
  void settle();
  void flush();

  // client_wants.cc: wants, claims and the queues they stand in
  SessionRecord& session_of(SessionId id);
  SessionRecord* find_session(SessionId id);
  SoughtBlock* find_want(const Cid& cid);
  void claim(SessionRecord& session, const Cid& cid, uint64_t deadline_ns);
  void unclaim(Claim& claim);
  void finish(SoughtBlock& want, const PeerRecord* deliverer);
  static void put(SoughtBlock& want, SoughtQueue& queue);
  static void take_off(SoughtBlock& want);
  void put_all(SoughtQueue& from, SessionRecord& session, size_t max);
  void reassign(SoughtBlock& want);
  void note(SessionRecord& session);
  void note(PeerRecord& peer);

  // client_asks.cc: one want at one peer
  Ask& ask_of(SoughtBlock& want, PeerRecord& peer);
  void change(Ask& ask, AskState state);
  void ask_block(SoughtBlock& want, PeerRecord& peer);
  void ask_presence(SoughtBlock& want, PeerRecord& peer);
  void cancel(Ask& ask);
  void overdue(Ask& ask);
  [[nodiscard]] uint64_t supposed_bytes(const SoughtBlock& want,
                                        uint64_t unseen = kBlockBytesSupposed) const;
  [[nodiscard]] bool has_room(PeerRecord& peer) const;

  // client_choice.cc: who is asked for what
  bool pump(SessionRecord& session, size_t wants_max);
  bool place(SessionRecord& session, SoughtBlock& want);
  Choice choose(const SoughtBlock& want);
  void consider(Choice& choice, const SoughtBlock& want, PeerRecord& peer, double hit_rate);
  size_t pick(size_t count);
  bool probe(SessionRecord& session, SoughtBlock& want);
  void hedge(SoughtBlock& want, const PeerRecord& chosen);
  void wait_for_room(SessionRecord& session);
  void serve(PeerRecord& peer);
  void rebalance(SessionRecord& session);

  // client_answers.cc: what peers send
  void block(PeerRecord& from, const BlocksArrived::One& one);
  void stray_block(PeerRecord& from, const BlocksArrived::One& one);
  void wrong_bytes(PeerRecord& from, uint32_t count);
  void has(PeerRecord& from, const Cid& cid);
  void has_not(PeerRecord& from, const Cid& cid);
  void score(SessionRecord& session, PeerRecord& peer, bool hit);
  void pass_over_skipped(PeerRecord& peer);
  void avoid(PeerRecord& peer, std::string why);

  // client_peers.cc: who is there, and in which session
  PeerRecord& peer_of(const PeerId& id);
  void join(SessionRecord& session, PeerRecord& peer);
  void leave(SessionRecord& session, PeerRecord& peer);
  void await(SessionRecord& session, PeerRecord& peer);
  void stop_awaiting(SessionRecord& session, PeerRecord& peer);
  void dial(PeerRecord& peer);
  void drop_asks(PeerRecord& peer);
  void withdraw(PeerRecord& peer);
  void silent(PeerRecord& peer);
  void heard(PeerRecord& peer);
  void arm(PeerRecord& peer);
  [[nodiscard]] uint64_t patience_ns(const PeerRecord& peer) const;
  void release(PeerRecord& peer);
  void forget_departed();

  // client_search.cc: a session that gets no answers
  void starve(SessionRecord& session, SoughtBlock& want);
  void end_probe(SoughtBlock& want);
  void search(SessionRecord& session);
  void find_providers(SessionRecord& session, SoughtBlock& want);
  void end_search(SoughtBlock& want);
  void quiet(SessionRecord& session);
  void rebroadcast(SessionRecord& session);
  void progress(SessionRecord& session);
  void arm(SessionRecord& session);

  Random& random_;
  const ClientLimits limits_;
  uint64_t now_ns_ = 0;
  int32_t priority_ = INT32_MAX;  // earlier asked, earlier needed
  TimerHeap timers_;

  std::unordered_map<Cid, std::unique_ptr<SoughtBlock>> wants_;
  std::unordered_map<SessionId, std::unique_ptr<SessionRecord>> sessions_;
  std::unordered_map<std::string, std::unique_ptr<PeerRecord>> peers_;  // by the bytes of their id
  std::vector<PeerRecord*> connected_;                                  // and not avoided
  std::deque<PeerRecord*> departed_;  // of which nobody speaks any more, oldest first
  std::set<SessionId> needy_;         // would be helped by any peer that connects
  RecentCids recent_;

  // Of this step.
  std::vector<ClientAction> actions_;
  std::vector<SessionId> changed_sessions_;
  std::vector<PeerRecord*> changed_peers_;
  std::vector<PeerRecord*> addressed_;  // peers with something in their outbox
};

// "12D3Koo...: does not have it": who was asked for the want, and what each said.
std::string why_given_up(const SoughtBlock& want, const SessionRecord& session, uint64_t now_ns);

}  // namespace timerose::bitswap
