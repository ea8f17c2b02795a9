#include "scheduler/jobs/run_times.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace timerose::scheduler::jobs {
namespace {

constexpr double kStep = 1.2;
// Runs of one bucket; more of them halve all, so that what changed is learned anew.
constexpr uint16_t kRunsOfBucketMax = 1000;

}  // namespace

// Inputs of about the same size: a factor of 16 apart at most.
ContentKey RunTimes::key_of(const ContentKey& function, uint64_t input_bytes) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  const auto size_class = static_cast<uint64_t>(std::bit_width(input_bytes)) / 4;
  return {function.high, function.low ^ (size_class * kOdd)};
}

void RunTimes::observe(const ContentKey& function, uint64_t input_bytes, uint64_t took_ms) {
  Learned& learned = functions_.put(key_of(function, input_bytes));
  const double steps = std::log(static_cast<double>(took_ms) + 1) / std::log(kStep);
  const size_t bucket = std::min(kBuckets - 1, static_cast<size_t>(steps));
  ++learned.runs[bucket];
  ++learned.total;
  if (learned.runs[bucket] < kRunsOfBucketMax) return;
  learned.total = 0;
  for (uint16_t& runs : learned.runs) {
    runs /= 2;
    learned.total += runs;
  }
}

std::optional<uint64_t> RunTimes::quantile_ms(const ContentKey& function, uint64_t input_bytes,
                                              double share) {
  const Learned* learned = functions_.find(key_of(function, input_bytes));
  if (learned == nullptr || learned->total < kRunsMin) return std::nullopt;
  const double wanted = share * learned->total;
  double below = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    below += learned->runs[bucket];
    if (below < wanted) continue;
    return static_cast<uint64_t>(std::ceil(std::pow(kStep, static_cast<double>(bucket + 1)) - 1));
  }
  return std::nullopt;
}

}  // namespace timerose::scheduler::jobs
