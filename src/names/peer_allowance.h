// How many records of one peer are looked at: checking a signature costs a tenth of a millisecond,
// and sending a record costs a peer nothing.
#pragma once

#include <cstdint>
#include <map>

#include "multiformats/peer_id.h"

namespace timerose::names {

class PeerAllowance {
 public:
  static constexpr uint64_t kBurst = 64;      // at once
  static constexpr uint64_t kPerSecond = 16;  // in the long run
  static constexpr size_t kPeersMax = 4096;   // remembered at once

  // Whether one more of `peer` may be looked at; counts it if so.
  bool take(const PeerId& peer, uint64_t now_ns);

 private:
  // A bucket that empties by kPerSecond: full at kBurst. Counted in nanoseconds of emptying.
  static constexpr uint64_t kNsOfOne = 1'000'000'000 / kPerSecond;
  void forget_the_idle(uint64_t now_ns);

  std::map<PeerId, uint64_t> empty_at_ns_;
};

}  // namespace timerose::names
