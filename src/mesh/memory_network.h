// A made-up network in memory, for tests and simulations: hosts that keep the contract of host.h
// without sockets, and faults as they are told.
//
// Nothing takes time: what one host does is an event of the other at once, in the order of the
// calls; so a test with one thread has one outcome. The DHT is a table that all share; pub/sub goes
// from host to connected host, as each judges. The network and its hosts may be used from several
// threads.
#pragma once

#include <memory>

#include "base/result.h"
#include "mesh/host.h"

namespace timerose::mesh {

class MemoryNetwork {
 public:
  // Longer pub/sub messages are refused.
  static constexpr size_t kMessageBytesMax = 64U << 10;

  MemoryNetwork();
  ~MemoryNetwork();  // after its hosts
  MemoryNetwork(const MemoryNetwork&) = delete;
  MemoryNetwork& operator=(const MemoryNetwork&) = delete;

  enum class Driven {
    kByOwner,       // who asks for events when it likes
    kByDescriptor,  // fit for an EventLoop
  };
  // A peer that is not in the network yet. It can be dialed at "/memory/N", which listen() reports
  // whatever address it is given, and by its PeerID alone.
  std::unique_ptr<Host> add_host(const PeerId& self, Driven driven = Driven::kByOwner);

  // --- Faults. Hosts that have left are passed over. ---
  // While cut, there is no connection between the two; those that were are closed.
  void cut(const PeerId& a, const PeerId& b, bool is_cut);
  // While true, nobody can dial the peer.
  void refuse_dials(const PeerId& peer, bool refused);
  // While true, the peer ends its side of every stream that is opened to it, and goes on reading.
  void end_side_at_once(const PeerId& peer, bool ends);
  // All streams between the two end; the connection stays.
  void reset_streams(const PeerId& a, const PeerId& b);
  // While true, frames from one to the other wait on their way.
  void delay(const PeerId& from, const PeerId& to, bool delayed);
  // While true, questions to the DHT get no answer.
  void silence_routing(bool silent);

  // --- The shared table ---
  void add_provider(ByteView multihash, const PeerId& provider);
  [[nodiscard]] std::vector<PeerId> providers(ByteView multihash) const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace timerose::mesh
