// A second way to blocks, beside Bitswap: it takes some of a session's wants and answers each.
//
// All methods are called on the loop's thread, answers come there. What is taken need not be asked
// of Bitswap; a want that ends without a block goes to Bitswap then. Blocks are verified.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "blockstore/block.h"
#include "exchange/bitswap/client.h"
#include "exchange/dag_part.h"
#include "exchange/exchange.h"
#include "mesh/host.h"

namespace timerose::exchange {

struct SourceAnswer {
  bitswap::SessionId session;
  Cid cid;
  Result<Block> block;  // or why it could not be had here: who was asked, what each said
  std::string from;     // "https://gateway.example"; empty if nobody gave it
};

// What Bitswap does for a session at the moment.
struct BitswapPace {
  uint64_t peers = 0;             // that have had blocks of it
  uint64_t bytes_per_second = 0;  // of all of them; 0: not known
};

class BlockSource {
 public:
  using OnAnswers = std::function<void(std::vector<SourceAnswer>)>;
  // The end of an offer_dag(), and what kept it from being whole.
  using OnDagEnded = std::function<void(bitswap::SessionId, const Cid& root, const Status&)>;

  virtual ~BlockSource() = default;

  // Once, before anything else.
  virtual void start(OnAnswers on_answers, OnDagEnded on_dag_ended) = 0;

  // Providers that the routing named for blocks of the session; those without an HTTP address are
  // passed over.
  virtual void add_providers(bitswap::SessionId session,
                             std::span<const mesh::PeerAddresses> providers) = 0;

  // Takes as many of `cids`, given in the order of need, as it can bring sooner than Bitswap does,
  // and returns those: each is answered once, unless it is dropped. To get to know a source it may
  // also ask for some that it does not return, which are then asked of both and may be answered
  // too. A want that Bitswap leaves starving may be offered again, with a pace of 0 peers.
  virtual std::vector<Cid> offer(bitswap::SessionId session, std::span<const Cid> cids,
                                 const BitswapPace& bitswap) = 0;

  // A part of the DAG below `root` as one stream. Its blocks come as answers, parents first, though
  // nobody asked for each; then its end is told, unless the session is closed. False if nobody can
  // be asked.
  virtual bool offer_dag(bitswap::SessionId session, const Cid& root, const DagPart& part) = 0;

  // No longer wanted: no answer follows.
  virtual void drop(bitswap::SessionId session, std::span<const Cid> cids) = 0;
  virtual void close(bitswap::SessionId session) = 0;

  [[nodiscard]] virtual std::vector<SourceStat> stat() = 0;
};

}  // namespace timerose::exchange
