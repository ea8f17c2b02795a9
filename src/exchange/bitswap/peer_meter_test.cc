#include "exchange/bitswap/peer_meter.h"

#include <gtest/gtest.h>

namespace timerose::bitswap {
namespace {

constexpr uint64_t kMs = 1'000'000;

TEST(PeerMeter, SupposesSomethingOfAnUnknownPeer) {
  const PeerMeter meter;
  EXPECT_EQ(meter.latency_ns(), 0U);
  EXPECT_EQ(meter.bytes_per_second(), 0U);
  EXPECT_EQ(meter.expected_ns(0), kLatencySupposedNs);
  EXPECT_EQ(meter.transfer_ns(kRateSupposed), 1000 * kMs);
}

TEST(PeerMeter, SmoothsTheLatency) {
  PeerMeter meter;
  meter.answered(0, 100 * kMs);
  EXPECT_EQ(meter.latency_ns(), 100 * kMs);
  meter.answered(0, 200 * kMs);
  EXPECT_EQ(meter.latency_ns(), 125 * kMs);
}

TEST(PeerMeter, FindsTheRateOfASteadyStream) {
  PeerMeter meter;
  // 250 KB every 10 ms: 25 MB/s.
  for (uint64_t i = 0; i < 100; ++i) meter.received(250'000, true, i * 10 * kMs);
  EXPECT_NEAR(static_cast<double>(meter.bytes_per_second()), 25e6, 25e4);
}

TEST(PeerMeter, DoesNotCountOurOwnPausesAsThePeers) {
  PeerMeter meter;
  uint64_t now = 0;
  for (int burst = 0; burst < 20; ++burst) {
    for (int i = 0; i < 10; ++i) meter.received(250'000, i < 9, now += 10 * kMs);
    now += 5000 * kMs;  // nothing was asked for
  }
  EXPECT_NEAR(static_cast<double>(meter.bytes_per_second()), 25e6, 25e4);
}

}  // namespace
}  // namespace timerose::bitswap
