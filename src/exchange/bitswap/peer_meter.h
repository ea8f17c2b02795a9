// How quick a peer is: round trip and rate, both smoothed, from what it has sent us.
#pragma once

#include <cstdint>

namespace timerose::bitswap {

// What is supposed of a peer that has not been measured.
inline constexpr uint64_t kLatencySupposedNs = 50'000'000;
inline constexpr uint64_t kRateSupposed = 4U << 20;  // bytes a second

class PeerMeter {
 public:
  // An answer to something that was asked while nothing else waited at the peer.
  void answered(uint64_t asked_ns, uint64_t now_ns);

  // Bytes of blocks, with blocks still `waiting` at the peer or not. The rate is taken from
  // stretches in which something always waited, so that our own pauses do not count as its.
  void received(uint64_t bytes, bool waiting, uint64_t now_ns);

  // Nothing waits any more, or the peer has been silent: the stretch is over.
  void pause() { measuring_ = false; }

  [[nodiscard]] uint64_t latency_ns() const { return latency_ns_; }              // 0: unknown
  [[nodiscard]] uint64_t bytes_per_second() const { return bytes_per_second_; }  // 0: unknown

  // When `bytes` will be here if they are asked for now.
  [[nodiscard]] uint64_t expected_ns(uint64_t bytes) const;
  // How long `bytes` take once they flow.
  [[nodiscard]] uint64_t transfer_ns(uint64_t bytes) const;

 private:
  uint64_t latency_ns_ = 0;
  uint64_t bytes_per_second_ = 0;
  bool measuring_ = false;
  uint64_t since_ns_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace timerose::bitswap
