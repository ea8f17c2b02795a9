// A node's announcements to the DHT: what is gained is announced at once, what the strategy says
// again and again. Of the loop's thread; lists of blocks are made on the pool.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/thread_pool.h"
#include "blockstore/blockstore.h"
#include "blockstore/pins.h"
#include "exchange/provider.h"
#include "mesh/host.h"
#include "node/network/provide_strategy.h"
#include "node/records/provide_records.h"

namespace timerose::node {

struct ProvideStat {
  ProvideStrategy strategy = ProvideStrategy::kNone;
  exchange::ProviderStat provider;
  uint64_t interval_ns = 0;
  uint64_t now_ns = 0;  // of the Unix clock
};

class Providing {
 public:
  // All must outlive it, and be there until the pool is idle. `busy` as Provider has it.
  struct Parts {
    EventLoop& loop;
    mesh::Host& host;
    Clock& clock;
    ThreadPool& pool;
    Blockstore& store;
    Pins& pins;
    std::function<bool()> busy;
  };
  Providing(const Parts& parts, ProvideStrategy strategy, ProvideRecords records);
  ~Providing();

  void start();
  bool on_event(const mesh::Event& event) { return provider_.on_event(event); }

  // Blocks that have come into the store.
  void gained(const std::vector<Cid>& cids);
  // Content that a person named and is to keep: its root at once; `whole`: then what is below it.
  void kept(const Cid& root, bool whole);
  // The Invocation of a call that was executed here: once, if anything is announced at all.
  void executed(const Cid& invocation);
  // Announces everything again. False if the strategy is to announce nothing.
  bool sweep_again();

  [[nodiscard]] ProvideStat stat() const;
  [[nodiscard]] ProvideRecords records() const;

 private:
  void list(const exchange::KeyRegion& region, const exchange::Provider::OnListed& on_listed);
  void announce_below(const Cid& root);

  const Parts parts_;
  const ProvideStrategy strategy_;
  std::vector<ProvideRecords::Soon> soon_;  // until start()
  std::shared_ptr<std::atomic<bool>> stopped_ = std::make_shared<std::atomic<bool>>(false);
  exchange::Provider provider_;
};

}  // namespace timerose::node
