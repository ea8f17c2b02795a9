#include "exchange/bitswap/peer_meter.h"

#include <algorithm>

#include "base/duration.h"

namespace timerose::bitswap {
namespace {

// Long enough that one late wake-up of ours does not make a sample.
constexpr uint64_t kStretchNs = 20'000'000;
// A sample of a quarter: four of them and the old value is a third.
constexpr uint64_t kSmoothing = 4;
constexpr uint64_t kRateMax = 1ULL << 36;

uint64_t smooth(uint64_t old, uint64_t sample) {
  if (old == 0) return std::max<uint64_t>(sample, 1);
  return std::max<uint64_t>((old * (kSmoothing - 1) + sample) / kSmoothing, 1);
}

}  // namespace

void PeerMeter::answered(uint64_t asked_ns, uint64_t now_ns) {
  latency_ns_ = smooth(latency_ns_, now_ns - std::min(asked_ns, now_ns));
}

void PeerMeter::received(uint64_t bytes, bool waiting, uint64_t now_ns) {
  if (!measuring_) {
    // The stretch starts once the first bytes are here: the way to the peer is not part of a rate.
    measuring_ = waiting;
    since_ns_ = now_ns;
    bytes_ = 0;
    return;
  }
  bytes_ += bytes;
  const uint64_t elapsed_ns = now_ns - std::min(since_ns_, now_ns);
  if (elapsed_ns >= kStretchNs) {
    const auto rate = static_cast<uint64_t>(static_cast<double>(bytes_) * kNsPerSecond /
                                            static_cast<double>(elapsed_ns));
    bytes_per_second_ = smooth(bytes_per_second_, std::min(rate, kRateMax));
    since_ns_ = now_ns;
    bytes_ = 0;
  }
  measuring_ = waiting;
}

uint64_t PeerMeter::transfer_ns(uint64_t bytes) const {
  const uint64_t rate = bytes_per_second_ != 0 ? bytes_per_second_ : kRateSupposed;
  return static_cast<uint64_t>(static_cast<double>(bytes) * kNsPerSecond /
                               static_cast<double>(rate));
}

uint64_t PeerMeter::expected_ns(uint64_t bytes) const {
  return (latency_ns_ != 0 ? latency_ns_ : kLatencySupposedNs) + transfer_ns(bytes);
}

}  // namespace timerose::bitswap
