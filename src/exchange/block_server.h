// Drives Bitswap's server: looks for blocks in the store, reads them and hands them to the outbox.
// Of the loop's thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "base/event_loop.h"
#include "blockstore/blockstore.h"
#include "exchange/bitswap/policy.h"
#include "exchange/bitswap/server.h"
#include "exchange/job_queue.h"
#include "exchange/outbox.h"

namespace timerose::exchange {

class BlockServer {
 public:
  struct Parts {
    EventLoop& loop;
    mesh::Host& host;
    Blockstore& store;
    JobQueue& jobs;
    Outbox& outbox;
  };
  BlockServer(const Parts& parts, const bitswap::ServerLimits& limits, uint64_t hash_seed,
              bitswap::ServingPolicy serving);

  void set_serving(bitswap::ServingPolicy serving) { serving_ = std::move(serving); }

  void connected(const PeerId& peer, bitswap::Version version);
  void disconnected(const PeerId& peer);
  void asked(const PeerId& peer, bool full, std::vector<bitswap::Want> wants);
  void blocks_added(std::vector<Cid> cids);

  [[nodiscard]] std::vector<bitswap::Ledger> ledgers() const { return server_.ledgers(); }
  [[nodiscard]] uint64_t blocks_sent() const { return blocks_sent_; }
  [[nodiscard]] uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  // Messages to one peer that are not read yet: one is read and handed over at a time, so that a
  // peer that does not read costs no memory.
  struct Line {
    std::deque<bitswap::SendBlocks> waiting;
    bool busy = false;
    uint64_t connection = 0;  // tells what was begun before it came back
  };

  void step(const bitswap::ServerEvent& event);
  void look_up(const bitswap::LookUp& action);
  void send_next(const PeerId& peer);
  void send(const bitswap::SendBlocks& action, std::vector<Block> blocks, uint64_t connection);
  void sent(const PeerId& peer, uint64_t bytes, uint64_t connection);
  [[nodiscard]] Line* line_of(const PeerId& peer, uint64_t connection);

  const Parts parts_;
  bitswap::Server server_;
  bitswap::ServingPolicy serving_;
  std::map<PeerId, Line> lines_;
  uint64_t connections_ = 0;
  uint64_t blocks_sent_ = 0;
  uint64_t bytes_sent_ = 0;
  std::unique_ptr<EventLoop::Timer> timer_;
};

}  // namespace timerose::exchange
