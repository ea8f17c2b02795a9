// The exchange of a real node: Bitswap's client and server, driven on the I/O thread over a host
// and a store; HTTP beside them.
//
// What blocks (hashing, reading, writing) is done on a pool; the loop only moves values. Blocks are
// verified and put into the store before anyone sees them. Everything that waits is bounded: a peer
// that sends faster than we store, or reads slower than we send, is held back.
#pragma once

#include <memory>

#include "base/event_loop.h"
#include "base/random.h"
#include "base/thread_pool.h"
#include "blockstore/blockstore.h"
#include "exchange/bitswap/policy.h"
#include "exchange/block_source.h"
#include "exchange/dag_fetch.h"
#include "exchange/exchange.h"
#include "mesh/host.h"

namespace timerose::exchange {

struct ServiceOptions {
  bitswap::ClientLimits client;
  bitswap::ServerLimits server;
  bitswap::ServingPolicy serving;  // as it is at the start; see set_serving()
  DagFetchLimits dag;
};

class Call;

class Service final : public Exchange {
 public:
  // What it stands on; all must outlive it. The tasks of `pool` may wait for the disk: give it two
  // threads or more, and not those that run guests.
  struct Parts {
    EventLoop& loop;
    mesh::Host& host;
    Blockstore& store;
    Random& random;
    ThreadPool& pool;
    BlockSource* second = nullptr;  // HTTP; none if null
    // Hears, on the loop, of blocks that have come into the store: fetched ones, and those that
    // were announced. May be empty.
    std::function<void(const std::vector<Cid>&)> on_stored = {};
  };

  // On the loop, or before it runs. Tells the host of Bitswap's protocols.
  Service(const Parts& parts, const ServiceOptions& options);
  // On the loop, or after it has ended: all calls have returned.
  ~Service() override;

  // --- Of the loop's thread ---
  // Every event of the host, in order. False for one that is of no concern here.
  bool on_event(const mesh::Event& event);
  void set_serving(bitswap::ServingPolicy serving);
  [[nodiscard]] bool is_waiting() const;  // whether any fetch is under way
  [[nodiscard]] std::vector<bitswap::Ledger> served() const;
  // How fast blocks come from each peer, of those that have sent kRateBytesMin.
  static constexpr uint64_t kRateBytesMin = 1U << 20;
  struct PeerRate {
    PeerId peer;
    uint64_t bytes_s = 0;
  };
  [[nodiscard]] std::vector<PeerRate> rates() const;
  // Which of these peers have the block: `on_end` is told once, on the loop, after `within_ms` at
  // the latest (have_search.h). Nothing is fetched.
  void find_holders(const Cid& cid, const std::vector<PeerId>& peers, uint64_t within_ms,
                    std::function<void(const std::vector<PeerId>&)> on_end);
  // Ends every fetch with kCancelled, those to come too.
  void stop();

  // --- Of every other thread ---
  Result<SharedBytes> fetch_block(const Cid& cid, const FetchOptions& options) override;
  Status fetch_dag(const Cid& root, const DagFetchOptions& options) override;
  ExchangeStat stat() override;
  void announce(std::vector<Cid> cids) override;

 private:
  struct State;
  template <typename Task>
  void post(Task task);
  Status wait(const std::shared_ptr<Call>& call, const CancelFlag* cancel,
              const std::function<void(const FetchProgress&)>& on_progress);

  std::shared_ptr<State> state_;
};

}  // namespace timerose::exchange
