// Drives Bitswap's client, and other sources beside it, for everybody who waits for blocks. Of the
// loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "blockstore/blockstore.h"
#include "exchange/block_source.h"
#include "exchange/fetch_session.h"
#include "exchange/inbox.h"
#include "exchange/job_queue.h"
#include "exchange/outbox.h"
#include "exchange/provider_search.h"
#include "exchange/wanted_blocks.h"

namespace timerose::exchange {

class Fetcher {
 public:
  struct Parts {
    EventLoop& loop;
    mesh::Host& host;
    Blockstore& store;
    Random& random;
    JobQueue& jobs;
    Outbox& outbox;
    WantedBlocks& wanted;
    BlockSource* second;                                              // null if there is none
    std::function<void(std::vector<Cid>)> on_stored;                  // blocks that were fetched
    std::function<void(const PeerId&, const std::string&)> on_avoid;  // it sends wrong bytes
  };
  Fetcher(const Parts& parts, const bitswap::ClientLimits& limits);
  ~Fetcher();

  // --- What is waited for ---
  void fetch_block(const Cid& cid, const FetchOptions& options, std::shared_ptr<Call> call);
  void fetch_dag(const Cid& root, const DagFetchOptions& options, const DagFetchLimits& limits,
                 std::shared_ptr<Call> call);
  void cancel(const Call& call);
  void stop();  // all of them
  [[nodiscard]] bool is_waiting() const { return !expected_.empty(); }
  // Whether peers are asked for it.
  [[nodiscard]] bool wants(const Cid& cid) const { return client_.wants(cid); }

  // --- What happens ---
  void connected(const PeerId& peer, bitswap::Version version);
  void disconnected(const PeerId& peer);
  void received(const Received& received);
  // Blocks that were put into the store by others.
  void added(const std::vector<Cid>& cids);
  ProviderSearch& search() { return search_; }
  void fill(ExchangeStat& stat) const;
  [[nodiscard]] std::vector<bitswap::ClientPeerStat> peers() const { return client_.peers(); }

  // --- For sessions ---
  [[nodiscard]] uint64_t now_ns() const { return parts_.loop.now_ns(); }
  [[nodiscard]] FetchSession* find(bitswap::SessionId id) const;
  // From now on the session is told of these blocks, wherever they come from.
  void expect(FetchSession& session, const std::vector<Cid>& cids);
  // False if it was not waiting for it any more.
  bool stop_expecting(FetchSession& session, const Cid& cid);
  // Asks the network for blocks that the session expects.
  void ask(FetchSession& session, std::vector<Cid> cids);
  void finish(FetchSession& session);
  [[nodiscard]] JobQueue& jobs() const { return parts_.jobs; }
  [[nodiscard]] Blockstore& store() const { return parts_.store; }

 private:
  void open(std::unique_ptr<FetchSession> session, const FetchOptions& options);
  void step(const bitswap::ClientEvent& event);
  void carry_out(bitswap::ClientAction& action);
  void give_up(const bitswap::GiveUp& action);
  void starving(const Cid& cid);
  // To everybody who expects it; `from` is null if it came over no peer.
  void deliver(const Cid& cid, const SharedBytes& data, const PeerId* from);
  void remember_helper(const PeerId& peer);
  void after_blocks();
  void fail_all(const Cid& cid, const Error& error);
  void store_failed(const Received& received);
  void on_answers(std::vector<SourceAnswer> answers);
  bool begin_stream(FetchSession& session);
  [[nodiscard]] bool comes_by_stream(const Cid& cid) const;
  // Whoever waits for one of these looks for it, and asks if it is not here.
  void ask_again(const std::vector<Cid>& cids);
  void stream_ended(bitswap::SessionId id, const Status& how);
  void watch_lent();
  void take_back_overdue();
  void store_brought(std::vector<Block> blocks);
  void brought(const std::vector<Block>& blocks);
  void count_duplicate(const Cid& cid);
  [[nodiscard]] BitswapPace pace_of(const FetchSession& session) const;

  const Parts parts_;
  bitswap::Client client_;
  ProviderSearch search_;
  std::map<bitswap::SessionId, std::unique_ptr<FetchSession>> sessions_;
  uint64_t last_session_ = 0;
  std::unordered_map<Cid, std::vector<bitswap::SessionId>> expected_;
  std::vector<Cid> delivered_;            // since others were told of them
  std::set<bitswap::SessionId> touched_;  // have had blocks and are to be settled
  std::deque<PeerId> recent_helpers_;     // latest last
  std::deque<bitswap::ClientAction> actions_;
  bool carrying_out_ = false;
  const bitswap::BlocksArrived* arriving_ = nullptr;  // while the client is told of it
  bool stopped_ = false;
  ExchangeStat stat_;
  std::unique_ptr<EventLoop::Timer> timer_;
  std::unique_ptr<EventLoop::Timer> lent_timer_;
  bool watching_lent_ = false;
};

}  // namespace timerose::exchange
