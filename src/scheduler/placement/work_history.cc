#include "scheduler/placement/work_history.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace timerose::scheduler {
namespace {

constexpr float kGainMin = 0.1F;  // so that what changed is learned anew in some tens of runs
constexpr size_t kBitsAClass = 2;
constexpr size_t kBitsFirst = 10;  // below a KiB all sizes are one

}  // namespace

size_t WorkHistory::size_class(uint64_t bytes) {
  const auto bits = static_cast<size_t>(std::bit_width(bytes));
  return std::min(kSizes - 1, (std::max(bits, kBitsFirst) - kBitsFirst) / kBitsAClass);
}

void WorkHistory::observe(const ContentKey& function, uint64_t input_bytes, uint64_t fuel) {
  Learned& learned = functions_.put(function)[size_class(input_bytes)];
  learned.runs = std::min<uint32_t>(learned.runs + 1, UINT32_MAX - 1);
  const float gain = std::max(kGainMin, 1.0F / static_cast<float>(learned.runs));
  learned.fuel += gain * (static_cast<float>(fuel) - learned.fuel);
}

double WorkHistory::expected_fuel(const ContentKey& function, uint64_t input_bytes) {
  const BySize* sizes = functions_.find(function);
  if (sizes == nullptr) return kUnknownFuel;
  const size_t wanted = size_class(input_bytes);
  for (size_t step = 0; step < kSizes; ++step) {
    if (wanted >= step && (*sizes)[wanted - step].runs != 0) {
      return std::ldexp(static_cast<double>((*sizes)[wanted - step].fuel),
                        static_cast<int>(kBitsAClass * step));
    }
    if (wanted + step < kSizes && (*sizes)[wanted + step].runs != 0) {
      return static_cast<double>((*sizes)[wanted + step].fuel);
    }
  }
  return kUnknownFuel;
}

}  // namespace timerose::scheduler
