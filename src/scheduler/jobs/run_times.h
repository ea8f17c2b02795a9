// How long calls of a function take from the offer to the answer, learned, so that a straggler is
// known for one: a few hundred bytes for each function and size of input, of the latest used.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "scheduler/bounded_table.h"

namespace timerose::scheduler::jobs {

class RunTimes {
 public:
  static constexpr size_t kFunctionsMax = 8192;
  // Fewer runs say nothing of the rare ones.
  static constexpr uint32_t kRunsMin = 8;

  explicit RunTimes(uint64_t secret, size_t functions_max = kFunctionsMax)
      : functions_(functions_max, secret) {}

  void observe(const ContentKey& function, uint64_t input_bytes, uint64_t took_ms);
  // Within a fifth above the time that `share` of the calls took at most; nothing until kRunsMin
  // of them were seen.
  [[nodiscard]] std::optional<uint64_t> quantile_ms(const ContentKey& function,
                                                    uint64_t input_bytes, double share);

 private:
  static constexpr size_t kBuckets = 80;  // each a fifth longer: to more than half an hour
  struct Learned {
    std::array<uint16_t, kBuckets> runs{};
    uint32_t total = 0;
  };
  static ContentKey key_of(const ContentKey& function, uint64_t input_bytes);

  BoundedTable<Learned> functions_;
};

}  // namespace timerose::scheduler::jobs
