// The blocks a command reads: those of the repository, and behind them those of other nodes.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "blockstore/forwarding_blockstore.h"
#include "cli/program/streams.h"
#include "exchange/exchange.h"

namespace timerose::cli {

// How what is not here is fetched, as said on the command line.
struct Fetching {
  bool offline = false;
  uint64_t timeout_ms = exchange::kFetchTimeoutMsDefault;  // without a new block
  std::vector<mesh::PeerAddresses> providers;              // asked first
};

// The store of a daemon as one command has it: whatever works on it ends once the command is
// cancelled, and peers that wait for a block hear that it was put. All must outlive it.
class CommandBlockstore final : public ForwardingBlockstore {
 public:
  CommandBlockstore(Blockstore& below, const Streams& streams, exchange::Exchange& exchange)
      : ForwardingBlockstore(below), streams_(streams), exchange_(exchange) {}

  Result<SharedBytes> get(const Cid& cid) override;
  Result<bool> has(const Cid& cid) override;
  Result<uint64_t> size(const Cid& cid) override;
  Status put(std::span<const Block> blocks) override;
  using Blockstore::put;

 private:
  const Streams& streams_;
  exchange::Exchange& exchange_;
};

enum class ShowProgress {
  kOnTerminal,   // if standard error is one
  kBesideOutput  // the same, but not where standard output, one too, is being written
};

// get() and size() of a missing block ask the exchange; has() answers for the repository alone.
// Thread-safe but for read_ahead(), stop_reading_ahead() and fetch_all().
class ContentStore final : public ForwardingBlockstore {
 public:
  // `exchange` is null where no network is: then a missing block is kNotFound with what to do about
  // it. All must outlive it.
  ContentStore(Blockstore& local, exchange::Exchange* exchange, const Fetching& fetching,
               const Streams& streams)
      : ForwardingBlockstore(local), exchange_(exchange), fetching_(fetching), streams_(streams) {}
  ~ContentStore() override { stop_reading_ahead(); }

  Result<SharedBytes> get(const Cid& cid) override;
  Result<uint64_t> size(const Cid& cid) override;

  // All below `root` (of a file: this range) is going to be read: once a block turns out to be
  // missing, the rest is fetched ahead of the reader, with progress on a terminal.
  void read_ahead(const Cid& root, ShowProgress progress, uint64_t offset = 0,
                  uint64_t length = UINT64_MAX);
  void stop_reading_ahead();

  // Everything below `root`, before it returns; at once where there is no network.
  Status fetch_all(const Cid& root);

 private:
  struct Ahead {
    Cid root;
    exchange::DagFetchOptions options;
  };
  [[nodiscard]] exchange::FetchOptions options(const CancelFlag* cancel) const;
  [[nodiscard]] exchange::DagFetchOptions dag_options(const CancelFlag* cancel,
                                                      ShowProgress progress) const;
  [[nodiscard]] Error not_here(Error error) const;
  // The same for one that was asked for in vain.
  [[nodiscard]] static Error not_found(Error error);
  void start_ahead();

  exchange::Exchange* const exchange_;
  const Fetching& fetching_;
  const Streams& streams_;

  std::mutex mutex_;  // of what follows
  std::optional<Ahead> ahead_;
  std::thread ahead_thread_;
  CancelFlag stop_ahead_ = false;
};

}  // namespace timerose::cli
