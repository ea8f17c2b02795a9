// How much work a function is, learned from its runs: fuel by the size of what it reads. Fuel, not
// time, so that what one node learns on one machine holds for another.
#pragma once

#include <array>
#include <cstdint>

#include "scheduler/bounded_table.h"

namespace timerose::scheduler {

class WorkHistory {
 public:
  static constexpr size_t kFunctionsMax = 16'384;
  static constexpr double kUnknownFuel = 10'000'000;  // of a function that never ran

  explicit WorkHistory(uint64_t secret, size_t functions_max = kFunctionsMax)
      : functions_(functions_max, secret) {}

  // A run that ended: one without an end says nothing of the work.
  void observe(const ContentKey& function, uint64_t input_bytes, uint64_t fuel);
  // Of sizes never seen it guesses from the nearest: no less for more, and in proportion at most.
  [[nodiscard]] double expected_fuel(const ContentKey& function, uint64_t input_bytes);
  void prefetch(const ContentKey& function) const { functions_.prefetch(function); }

 private:
  static constexpr size_t kSizes = 16;  // each four times the one before
  struct Learned {
    float fuel = 0;
    uint32_t runs = 0;
  };
  using BySize = std::array<Learned, kSizes>;

  static size_t size_class(uint64_t bytes);

  BoundedTable<BySize> functions_;
};

}  // namespace timerose::scheduler
