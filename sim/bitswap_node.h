// An honest node: the real client and the real server of Bitswap over the made-up network, with
// everything that they promise watched at each step.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exchange/bitswap/client.h"
#include "exchange/bitswap/server.h"
#include "sim/world.h"

namespace timerose::sim {

// One file that a node fetches: the root, then its leaves, some at a time.
struct Fetch {
  const File* file = nullptr;
  uint64_t want_timeout_ns = 0;
  std::vector<PeerId> providers;  // that it is told of from the start
};

class BitswapNode : public Participant {
 public:
  // What it knows of the others beside what they send.
  struct Others {
    std::function<bitswap::Version(NodeNumber)> version;
    std::function<bool(NodeNumber)> honest;  // for judging AvoidPeer
  };
  BitswapNode(World& world, NodeNumber number, bitswap::Version version, Others others);

  void put(const Block& block);
  void fetch(const Fetch& fetch);
  // As a process that ends: what it waits for is dropped, what it has stored is kept.
  virtual void stop();
  virtual void start();
  // Whoever wanted one of the fetches has changed their mind.
  void drop_a_fetch(uint64_t which);

  [[nodiscard]] bool waits() const { return !pending_.empty(); }
  // Once everything has come to rest.
  virtual void check_at_rest();

  void connected(NodeNumber peer) override;
  void disconnected(NodeNumber peer) override;
  void received(NodeNumber from, SharedBytes frame) override;

 protected:
  // --- What stands beside Bitswap in a whole node; here it is as plain as can be ---
  // Who has the block: found_providers() tells the client.
  virtual void find_providers(const Cid& cid);
  virtual void dial(NodeNumber peer);
  // Wants that another source is asked for instead: it answers each by put() or by
  // leave_to_bitswap().
  virtual std::vector<Cid> lend(uint64_t session, const std::vector<Cid>& cids);
  // No longer wanted from it.
  virtual void take_back(uint64_t session, const Cid& cid);
  // The fetch has ended.
  virtual void closed(uint64_t session);
  // A block has come into the store.
  virtual void stored(const Cid& cid);

  void found_providers(const Cid& cid, std::vector<PeerId> providers, bool ended);
  void leave_to_bitswap(uint64_t session, const Cid& cid);
  void fail(const std::string& what);
  [[nodiscard]] std::vector<uint64_t> sessions_waiting_for(const Cid& cid) const;
  [[nodiscard]] const bitswap::Client& client() const { return *client_; }
  [[nodiscard]] const std::unordered_map<Cid, Block>& store() const { return store_; }
  // Counts starts: what was under way in an earlier one is void.
  [[nodiscard]] uint64_t life() const { return life_; }
  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] NodeNumber number() const { return number_; }

 private:
  struct Session {
    Fetch fetch;
    size_t next_leaf = 0;
    size_t in_flight = 0;
  };
  using Claim = std::pair<uint64_t, Cid>;  // session and CID

  // Hands an event to the client and carries out what it says; events that come meanwhile follow.
  void ask(bitswap::ClientEvent event);
  void tell(const bitswap::ServerEvent& event);
  void tick(uint64_t at_ns);
  void arm();
  [[nodiscard]] bitswap::Version version_with(NodeNumber peer) const;
  void send(NodeNumber to, const bitswap::Outgoing& message, EventQueue::Action written);

  void on(const bitswap::SendWants& action);
  void on(const bitswap::FindProviders& action);
  void on(const bitswap::DialPeer& action);
  void on(const bitswap::Accept& action);
  void on(const bitswap::GiveUp& action);
  void on(const bitswap::AvoidPeer& action);
  void on(const bitswap::LookUp& action);
  void on(const bitswap::SendBlocks& action);
  void on(const bitswap::ClosePeer& action);

  void want(uint64_t session, const std::vector<Cid>& cids);
  void go_on(uint64_t session);
  void close(uint64_t session);
  void forget_claim(const Claim& claim);
  void check_bounds();

  World& world_;
  const NodeNumber number_;
  const bitswap::Version version_;
  const Others others_;

  std::unique_ptr<SeededRandom> random_;
  std::unique_ptr<bitswap::Client> client_;
  std::unique_ptr<bitswap::Server> server_;
  uint64_t life_ = 0;
  uint64_t armed_ns_ = UINT64_MAX;
  uint64_t steps_ = 0;
  bool carrying_out_ = false;
  std::deque<bitswap::ClientEvent> events_;

  std::unordered_map<Cid, Block> store_;
  std::unordered_map<Cid, Block> arrived_;  // of the frame that is handled, by their own hashes
  std::map<Claim, uint64_t> pending_;       // and the deadline of each
  std::set<Claim> lent_;                    // of these, what the client is not asked for
  std::map<uint64_t, Session> sessions_;
  uint64_t next_session_ = 1;
};

}  // namespace timerose::sim
