// Connections to peers that something wants to talk to now: at addresses that are known, else at
// those that the DHT knows. Of the loop's thread.
#pragma once

#include <functional>
#include <map>

#include "node/network/queries.h"
#include "node/records/peer_book.h"

namespace timerose::node {

class Reaching {
 public:
  using OnConnected = std::function<void(const Status&)>;

  // All must outlive it. `on_failed` hears of peers that could not be dialed.
  Reaching(mesh::Host& host, PeerBook& book, Queries& queries,
           std::function<void(const PeerId&)> on_failed)
      : host_(host), book_(book), queries_(queries), on_failed_(std::move(on_failed)) {}

  // `on_connected` is called once: when there is a connection, or there cannot be one now.
  void reach(const PeerId& peer, OnConnected on_connected);
  // The same, of a peer that someone else dials.
  void wait(const PeerId& peer, OnConnected on_connected);
  void dial(const mesh::PeerAddresses& target);
  // How the dialing of a peer ended.
  void ended(const PeerId& peer, const Status& how);
  // All of them end so.
  void stop(const Error& why);

 private:
  void search_and_dial(const PeerId& peer);

  mesh::Host& host_;
  PeerBook& book_;
  Queries& queries_;
  const std::function<void(const PeerId&)> on_failed_;
  std::multimap<PeerId, OnConnected> waiting_;
};

}  // namespace timerose::node
