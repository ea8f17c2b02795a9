// A world full of Bitswap nodes, made from one seed: who is there, who lies, who comes and goes,
// what is stored where and who fetches it.
//
// What must hold in each:
//  - every want ends, by the block or at its deadline, and never both or twice;
//  - no byte is accepted that is not the block's;
//  - what waits at a peer, or for one, stays within its limits; ticks come when they were asked
//  for;
//  - a block that a steady, honest node has, and that the routing knows of, is found;
//  - no honest peer is avoided;
//  - of whole nodes: what a node has is known to the routing as long as it is here, a peer that it
//  wants is kept and come back to, and a gateway is asked for no more than it may be, and not again
//  once it has lied.
#pragma once

#include <cstdint>
#include <string>

#include "sim/world.h"

namespace timerose::sim {

enum class NodeKind {
  kBitswap,  // Bitswap alone, over a routing that knows everything
  kWhole,    // with routing policy: see policy_node.h
};

struct BitswapOptions {
  NodeKind kind = NodeKind::kBitswap;
  uint64_t nodes = 100;
  uint64_t seed = 1;
  bool trace = false;
};

struct BitswapResult {
  std::string failure;       // empty: all promises were kept
  uint64_t fingerprint = 0;  // of everything that happened: the same for the same seed
  Counts counts;
};

BitswapResult run_bitswap(const BitswapOptions& options);

}  // namespace timerose::sim
