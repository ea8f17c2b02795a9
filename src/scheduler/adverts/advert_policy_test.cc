#include "scheduler/adverts/advert_policy.h"

#include <gtest/gtest.h>

#include "scheduler/testing.h"

namespace timerose::scheduler {
namespace {

// Adverts sent in `duration_ms`, looking once a second; and the longest time between two.
struct Sent {
  size_t count = 0;
  uint64_t longest_ms = 0;
};
Sent run(size_t nodes, bool always_changed, uint64_t duration_ms) {
  SeededRandom random(nodes);
  AdvertPolicy policy(random);
  Sent out;
  uint64_t last = 0;
  for (uint64_t now = 0; now < duration_ms; now += 1000) {
    if (!policy.is_due(now, nodes, always_changed)) continue;
    out.longest_ms = std::max(out.longest_ms, now - last);
    last = now;
    policy.sent(now, nodes);
    ++out.count;
  }
  return out;
}

TEST(AdvertPolicy, SendsWithinTheIntervalItPromises) {
  for (const size_t nodes : {1U, 50U, 1000U}) {
    const Sent quiet = run(nodes, false, 100 * AdvertPolicy::period_ms(nodes));
    EXPECT_NEAR(static_cast<double>(quiet.count), 100, 6) << nodes;
    EXPECT_LE(quiet.longest_ms, AdvertPolicy::interval_s(nodes) * uint64_t{1000}) << nodes;
  }
}

TEST(AdvertPolicy, AThousandNodesThatChangeAllTheTimeStayWithinTheBytes) {
  const size_t nodes = 1000;
  const uint64_t duration_ms = 100 * AdvertPolicy::period_ms(nodes);
  const Sent busy = run(nodes, true, duration_ms);
  const double bytes_s = static_cast<double>(busy.count * nodes * AdvertPolicy::kBytesPerAdvert) /
                         (static_cast<double>(duration_ms) / 1000);
  EXPECT_LE(bytes_s, 1.1 * AdvertPolicy::kBytesPerSecond);
}

TEST(AdvertPolicy, ARealChangeIsToldSoon) {
  SeededRandom random(1);
  AdvertPolicy policy(random);
  ASSERT_TRUE(policy.is_due(0, 10, false));
  policy.sent(0, 10);
  EXPECT_FALSE(policy.is_due(3000, 10, false));
  EXPECT_TRUE(policy.is_due(3000, 10, true));
}

TEST(AdvertPolicy, NoiseIsNoChange) {
  const Advert told = testing::advert_of(1);
  Advert now = told;
  now.use.cores_free -= 3;
  now.use.wait_ms = 200;
  now.use.memory_free_bytes -= now.use.memory_free_bytes / 3;
  now.coordinate.at_us[0] += 1000;
  EXPECT_FALSE(is_real_change(told, now));
  now.use.cores_free = 0;
  EXPECT_TRUE(is_real_change(told, now));
  now = told;
  now.use.wait_ms = 300;
  EXPECT_TRUE(is_real_change(told, now));
  now = told;
  now.capacity.labels["zone"] = "eu";
  EXPECT_TRUE(is_real_change(told, now));
  now = told;
  const std::vector<Cid> warm{Cid::of_sha256(Codec::kRaw, as_bytes("warm"))};
  now.warm = WarmSet(warm);
  EXPECT_TRUE(is_real_change(told, now));
}

}  // namespace
}  // namespace timerose::scheduler
