// Asks connected peers whether they have a block, and fetches nothing: want-haves over Bitswap,
// each withdrawn at the end. Of the loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "base/event_loop.h"
#include "exchange/inbox.h"
#include "exchange/outbox.h"

namespace timerose::exchange {

class HaveSearch {
 public:
  static constexpr size_t kPeersMax = 32;      // of one search
  static constexpr size_t kSearchesMax = 256;  // at a time; more end at once
  // After the first who has it, others may still say so for so long.
  static constexpr uint64_t kAfterFirst_ms = 50;
  // Blocks that may still come for an answer after the search has ended.
  static constexpr size_t kRecentMax = 64;

  using OnEnd = std::function<void(const std::vector<PeerId>& holders)>;
  // Whether a fetch waits for the block: what is asked of peers for it is not to be withdrawn.
  using IsWanted = std::function<bool(const Cid&)>;

  HaveSearch(EventLoop& loop, Outbox& outbox, IsWanted is_wanted)
      : loop_(loop), outbox_(outbox), is_wanted_(std::move(is_wanted)) {}

  // Ends when all have answered, kAfterFirst_ms after the first who has it, or after `within_ms`.
  // `on_end` is called once, perhaps at once; never after stop().
  void start(const Cid& cid, std::span<const PeerId> peers, uint64_t within_ms, OnEnd on_end);
  // Takes out of `received` blocks that came for an answer: nobody waits for them.
  void received(Received& received);
  void disconnected(const PeerId& peer);
  void stop() { searches_.clear(); }

 private:
  struct Search {
    explicit Search(Cid of) : cid(std::move(of)) {}
    const Cid cid;
    std::set<PeerId> asked;  // without an answer so far
    std::vector<PeerId> without;
    std::vector<PeerId> holders;
    OnEnd on_end;
    uint64_t until_ns = 0;
    std::unique_ptr<EventLoop::Timer> timer;
  };
  using Place = std::list<Search>::iterator;

  void take_answers(Received& received);
  void send(const PeerId& peer, const Cid& cid, bool cancel);
  void said(Search& search, const PeerId& peer, bool has);
  void end(Place place);
  void end_those_done();

  EventLoop& loop_;
  Outbox& outbox_;
  const IsWanted is_wanted_;
  std::list<Search> searches_;
  std::deque<Cid> recent_;
};

}  // namespace timerose::exchange
