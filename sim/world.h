// What all participants of a simulated world share: time, network, content, routing, and the list
// of promises that were broken.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "exchange/bitswap/message.h"
#include "multiformats/peer_id.h"
#include "sim/chronicle.h"
#include "sim/content.h"
#include "sim/network.h"

namespace timerose::sim {

// The share of searches for providers that never end.
inline constexpr double kSearchNeverEnds = 0.03;

struct Counts {
  uint64_t wanted = 0;
  uint64_t accepted = 0;
  uint64_t given_up = 0;
  uint64_t lent = 0;        // brought by another source than Bitswap
  uint64_t dropped = 0;     // by the one who wanted it, or it went away
  uint64_t duplicates = 0;  // from honest peers
  uint64_t repeats = 0;     // from others
  uint64_t avoided = 0;
  uint64_t announced = 0;     // to the routing
  uint64_t trimmed = 0;       // connections ended by their keeper
  uint64_t dialed_again = 0;  // wanted peers
  uint64_t searches = 0;
  uint64_t messages = 0;
  uint64_t bytes_sent = 0;
  uint64_t events = 0;
  uint64_t virtual_ns = 0;
};

class World {
 public:
  explicit World(uint64_t seed) : dice(seed), network(events, dice.seed()), content(dice.seed()) {}

  // What happens, as the participants tell it.
  void fail(const std::string& what) { chronicle.fail(what); }
  [[nodiscard]] const std::string& failure() const { return chronicle.failure(); }
  void note(NodeNumber node, const char* what, uint64_t detail) {
    chronicle.note(node, what, detail);
  }

  Dice dice;
  EventQueue events;
  Network network;
  Content content;
  Counts counts;
  Chronicle chronicle{events};

  const PeerId& id_of(NodeNumber node);
  NodeNumber node_of(const PeerId& id);

  // Routing: who is said to have the block, in one or two pieces, then the end, which now and then
  // never comes. `found` may be called after the asker has lost interest.
  using Found = std::function<void(std::vector<PeerId> providers, bool ended)>;
  void find_providers(const Cid& cid, Found found);

 private:
  std::vector<PeerId> ids_;
  std::unordered_map<std::string, NodeNumber> numbers_;
};

}  // namespace timerose::sim
