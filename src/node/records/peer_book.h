// The peers a node has met, kept in the repository: where they were reached, and which of them it
// is to stay connected to.
#pragma once

#include <map>
#include <vector>

#include "base/clock.h"
#include "base/sqlite.h"
#include "mesh/host.h"

namespace timerose::node {

class PeerBook {
 public:
  // The least recently seen beyond this are forgotten.
  static constexpr size_t kPeersMax = 4096;
  static constexpr size_t kAddressesOfPeerMax = 16;

  struct Known {
    std::vector<mesh::Address> addresses;
    bool wanted = false;
    uint64_t seen_ns = 0;  // of the Unix clock
  };

  // Reads what is kept. `clock` must outlive it.
  static Result<PeerBook> load(sqlite::Database& records, Clock& clock);

  // In memory only; save() writes.
  void met(const PeerId& peer, const std::vector<mesh::Address>& addresses);
  void want(const PeerId& peer, bool wanted);

  [[nodiscard]] std::vector<mesh::Address> addresses_of(const PeerId& peer) const;
  [[nodiscard]] std::vector<mesh::PeerAddresses> wanted() const;
  [[nodiscard]] size_t size() const { return peers_.size(); }

  // What changed since the last time, to be given to save() on a thread that may block.
  struct Change {
    PeerId peer;
    Known known;
    bool forgotten = false;
  };
  std::vector<Change> take_changes();
  static Status save(sqlite::Database& records, const std::vector<Change>& changes);

 private:
  explicit PeerBook(Clock& clock) : clock_(&clock) {}
  void forget_oldest();

  Clock* clock_;
  std::map<PeerId, Known> peers_;
  std::map<PeerId, Change> changes_;
};

}  // namespace timerose::node
