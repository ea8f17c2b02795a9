// What it costs that nodes tell each other of themselves: the schedule of adverts as shipped
// (scheduler/adverts/advert_policy.h), flooded over a made-up Gossipsub mesh.
//
// Copies and offers of ids are counted node by node as they come (gossip_mesh.h); their sizes are
// those of messages on the wire.
#pragma once

#include <cstdint>

namespace timerose::sim {

struct AdvertGossipOptions {
  uint64_t nodes = 1000;
  uint64_t seed = 1;
  double periods = 20;          // of virtual time
  double changes_a_period = 5;  // real changes of each node, at random moments
  uint64_t advert_bytes = 400;  // encoded
  uint64_t floods_max = 2'000;  // followed edge by edge; of more adverts, a sample
};

struct AdvertGossipResult {
  uint64_t adverts = 0;
  double period_s = 0;
  double spacing_s = 0;      // mean time between two adverts of a node
  double spacing_max_s = 0;  // must stay within what adverts promise
  double promised_s = 0;
  double age_s = 0;             // mean age of what is known of a node
  double copies = 0;            // of an advert, that a node receives
  uint64_t degree_max = 0;      // of a node's mesh, at the end
  double reach = 0;             // share of nodes that an advert comes to
  double received_bytes_s = 0;  // of one node, the mean; as much is sent
  double busiest_bytes_s = 0;   // of the node that received most
};

AdvertGossipResult run_advert_gossip(const AdvertGossipOptions& options);

}  // namespace timerose::sim
