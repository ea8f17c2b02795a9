// What looking at a policy may cost: a delegate wrote the policy and the call's arguments, and
// quantifiers multiply.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ipld/value.h"

namespace timerose::scheduler::authority {

// About 20 ns each.
class Effort {
 public:
  static constexpr uint64_t kStepsMax = 100'000;

  // Whether there was so much left.
  bool take(uint64_t steps) {
    spent_ = spent_ || steps > left_;
    left_ -= spent_ ? 0 : steps;
    return !spent_;
  }
  [[nodiscard]] bool is_spent() const { return spent_; }

 private:
  uint64_t left_ = kStepsMax;
  bool spent_ = false;
};

// What comparing with a value, or copying it, costs.
uint64_t cost_of(const Value& value);

}  // namespace timerose::scheduler::authority
