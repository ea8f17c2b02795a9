// How often asking others for a known Outcome finds one, learned for each function, so that a
// question which costs more than it saves is not asked.
//
// Pure. Of one thread.
#pragma once

#include <array>
#include <cstdint>

#include "scheduler/bounded_table.h"

namespace timerose::scheduler::memo {

// How it is asked.
enum class Way : uint8_t {
  kDirect,   // nodes that are likely to know
  kRouting,  // whoever the DHT names for the Invocation
};
inline constexpr size_t kWays = 2;

class MemoYield {
 public:
  static constexpr size_t kFunctionsMax = 8192;
  // After so many questions, those before count half.
  static constexpr float kForgetAfter = 32;

  explicit MemoYield(uint64_t secret, size_t functions_max = kFunctionsMax)
      : functions_(functions_max, secret) {}

  // One question was asked this way, of however many nodes.
  void note(const ContentKey& function, Way way, bool found);
  // The share of questions to be expected to find an answer: a half where nothing is known, and
  // never nothing.
  [[nodiscard]] double rate(const ContentKey& function, Way way);
  // Whether a question that takes `cost_s` is expected to save more than that of a call that takes
  // `run_s`.
  [[nodiscard]] bool is_worth(const ContentKey& function, Way way, double run_s, double cost_s);

 private:
  struct Asked {
    float times = 0;
    float found = 0;
  };
  using ByWay = std::array<Asked, kWays>;

  BoundedTable<ByWay> functions_;
};

}  // namespace timerose::scheduler::memo
