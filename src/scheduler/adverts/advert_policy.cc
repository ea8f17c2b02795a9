#include "scheduler/adverts/advert_policy.h"

#include <algorithm>
#include <array>

#include "scheduler/adverts/advert_table.h"

namespace timerose::scheduler {
namespace {

constexpr double kAllowanceMax = 2;
// Clocks round: more than others insist on.
constexpr uint64_t kSpacing_ms = AdvertTable::kSpacingMin_ms * 5 / 4;
constexpr uint64_t kWaitNoticed_ms = 250;  // of the wait for a core

// Half or twice: what rounding and noise do not reach.
bool is_much_different(uint64_t a, uint64_t b) { return a > 2 * b || b > 2 * a; }

bool has_use_changed(const Use& told, const Use& now) {
  const bool wait = std::max(told.wait_ms, now.wait_ms) > kWaitNoticed_ms &&
                    is_much_different(told.wait_ms, now.wait_ms);
  return wait || is_much_different(told.cores_free, now.cores_free) ||
         is_much_different(told.memory_free_bytes, now.memory_free_bytes) ||
         is_much_different(told.disk_free_bytes, now.disk_free_bytes);
}

}  // namespace

bool is_real_change(const Advert& told, const Advert& now) {
  return !(told.capacity == now.capacity) || !(told.warm == now.warm) ||
         is_much_different(told.speed.fuel_per_s, now.speed.fuel_per_s) ||
         has_use_changed(told.use, now.use);
}

uint64_t AdvertPolicy::period_ms(size_t nodes) {
  constexpr uint64_t kPeriodMax_ms = uint64_t{Advert::kIntervalMax_s} * 1000 * 4 / 5;
  return std::clamp(uint64_t{nodes} * kBytesPerAdvert * 1000 / kBytesPerSecond, kPeriodMin_ms,
                    kPeriodMax_ms);
}

uint32_t AdvertPolicy::interval_s(size_t nodes) {
  return static_cast<uint32_t>(period_ms(nodes) * 5 / 4 / 1000);
}

bool AdvertPolicy::is_due(uint64_t now_ms, size_t nodes, bool changed) {
  if (!ever_sent_ || now_ms >= next_ms_) return true;
  refill(now_ms, nodes);
  return changed && allowance_ >= 1 && now_ms >= sent_ms_ + kSpacing_ms;
}

// The next one by the clock follows after 0.9 to 1.1 periods: within the interval it promises.
void AdvertPolicy::sent(uint64_t now_ms, size_t nodes) {
  refill(now_ms, nodes);
  ever_sent_ = true;
  sent_ms_ = now_ms;
  allowance_ = std::max(0.0, allowance_ - 1);
  std::array<uint8_t, 2> dice{};
  random_.fill(dice);
  const uint64_t jitter = (uint64_t{dice[0]} << 8 | dice[1]) % 201;
  next_ms_ = now_ms + period_ms(nodes) * (900 + jitter) / 1000;
}

void AdvertPolicy::refill(uint64_t now_ms, size_t nodes) {
  const auto passed = static_cast<double>(now_ms - std::min(now_ms, refilled_ms_));
  refilled_ms_ = now_ms;
  allowance_ = std::min(kAllowanceMax, allowance_ + passed / static_cast<double>(period_ms(nodes)));
}

}  // namespace timerose::scheduler
