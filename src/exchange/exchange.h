// Blocks from other nodes, for code that waits for them: commands, guests, the gateway.
//
// Behind it the I/O thread asks over Bitswap and over HTTP, verifies what arrives and puts it into
// the store before anyone sees it. All methods are thread-safe; none may be called on the loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "blockstore/blockstore.h"
#include "exchange/bitswap/client.h"
#include "exchange/bitswap/server.h"
#include "mesh/host.h"

namespace timerose::exchange {

// Every wait ends: this is how long one takes where nothing else was said.
inline constexpr uint64_t kFetchTimeoutMsDefault = 60'000;

// Set by another thread to end a fetch with kCancelled.
using CancelFlag = std::atomic<bool>;

struct FetchOptions {
  uint64_t timeout_ms = kFetchTimeoutMsDefault;  // without a new block
  std::vector<mesh::PeerAddresses> providers;    // asked first; dialed if need be
  const CancelFlag* cancel = nullptr;
};

struct FetchProgress {
  uint64_t blocks = 0;
  uint64_t bytes = 0;         // of blocks that were fetched; not of those that were here
  uint64_t blocks_known = 0;  // blocks whose links have been seen, fetched or not
};

struct DagFetchOptions : FetchOptions {
  // Only what `path` and this range of the file need; all of it by default.
  uint64_t offset = 0;
  uint64_t length = UINT64_MAX;
  std::function<void(const FetchProgress&)> on_progress;
};

// One server that blocks were fetched from over HTTP.
struct SourceStat {
  std::string name;               // "https://gateway.example"
  bool configured = false;        // else named by the routing
  uint64_t blocks = 0;            // verified
  uint64_t bytes = 0;             // of these
  uint64_t bad_blocks = 0;        // wrong bytes, or what was not asked for
  uint64_t missing = 0;           // it said that it does not have the block
  uint64_t failures = 0;          // no answer, or none that makes sense
  uint64_t latency_ns = 0;        // smoothed, from a request to its first byte
  uint64_t bytes_per_second = 0;  // smoothed, of one request after its first byte
  uint64_t waiting = 0;           // requests under way
  bool avoided = false;           // for wrong bytes, or until a back-off ends
};

struct ExchangeStat {
  uint64_t blocks_received = 0;
  uint64_t bytes_received = 0;
  uint64_t duplicate_blocks = 0;
  uint64_t duplicate_bytes = 0;
  uint64_t bad_blocks = 0;
  uint64_t blocks_sent = 0;
  uint64_t bytes_sent = 0;
  std::vector<Cid> wantlist;
  std::vector<bitswap::ClientPeerStat> asked;  // one for each peer that we ask
  std::vector<bitswap::Ledger> served;         // one for each peer that asks us
  std::vector<SourceStat> http;                // one for each server
};

class Exchange {
 public:
  virtual ~Exchange() = default;

  // The block from the store, else from the network, verified and stored. kNotFound after the
  // timeout says who was asked, what each said, and what to try.
  virtual Result<SharedBytes> fetch_block(const Cid& cid, const FetchOptions& options) = 0;

  // Everything below `root` into the store, walking ahead of what has arrived; durable when it
  // returns. What is in the store already is not asked for again, so a fetch that was cut off goes
  // on where it stopped.
  virtual Status fetch_dag(const Cid& root, const DagFetchOptions& options) = 0;

  virtual ExchangeStat stat() = 0;

  // Tells waiting peers, and waiting fetches, of blocks that were put into the store otherwise.
  virtual void announce(std::vector<Cid> cids) = 0;
  void announce_all(std::span<const Block> blocks) {
    std::vector<Cid> cids;
    cids.reserve(blocks.size());
    for (const Block& block : blocks) cids.push_back(block.cid());
    announce(std::move(cids));
  }
};

}  // namespace timerose::exchange
