// When this node tells the others of itself: at a jittered interval, and soon after a change that
// others would choose differently for.
//
// Every advert reaches every node, so the interval grows with their number: whatever it is, a node
// receives kBytesPerSecond at most for all of them together. What changes quickly is therefore told
// late in a large mesh; adverts say whom to ask, and the answer to the question counts.
#pragma once

#include <cstdint>

#include "base/random.h"
#include "scheduler/adverts/advert.h"

namespace timerose::scheduler {

// Whether others would choose differently for what `now` says.
bool is_real_change(const Advert& told, const Advert& now);

class AdvertPolicy {
 public:
  static constexpr uint64_t kBytesPerSecond = 2048;
  // That one advert costs the busiest node at most: four copies of 600 bytes by the mesh of pub/sub
  // or a few more, and the offers of its id by peers outside (timerose-sim adverts).
  static constexpr uint64_t kBytesPerAdvert = 4096;
  static constexpr uint64_t kPeriodMin_ms = 24'000;

  explicit AdvertPolicy(Random& random) : random_(random) {}

  // The mean time from one advert of a node to the next, among so many nodes.
  static uint64_t period_ms(size_t nodes);
  // What an advert promises: longer than any time between two.
  static uint32_t interval_s(size_t nodes);

  // Whether to send one now. `changed`: is_real_change() since the last that was sent. Times are
  // monotonic.
  [[nodiscard]] bool is_due(uint64_t now_ms, size_t nodes, bool changed);
  void sent(uint64_t now_ms, size_t nodes);

 private:
  void refill(uint64_t now_ms, size_t nodes);

  Random& random_;
  bool ever_sent_ = false;
  uint64_t refilled_ms_ = 0;
  uint64_t next_ms_ = 0;
  uint64_t sent_ms_ = 0;
  double allowance_ = 2;  // adverts that may be sent for a change
};

}  // namespace timerose::scheduler
