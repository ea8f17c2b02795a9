#include "scheduler/memo/memo_yield.h"

namespace timerose::scheduler::memo {

void MemoYield::note(const ContentKey& function, Way way, bool found) {
  Asked& asked = functions_.put(function)[static_cast<size_t>(way)];
  if (asked.times >= kForgetAfter) {
    asked.times /= 2;
    asked.found /= 2;
  }
  asked.times += 1;
  asked.found += found ? 1 : 0;
}

double MemoYield::rate(const ContentKey& function, Way way) {
  const ByWay* known = functions_.find(function);
  const Asked asked = known == nullptr ? Asked() : (*known)[static_cast<size_t>(way)];
  return (asked.found + 0.5) / (asked.times + 1);
}

bool MemoYield::is_worth(const ContentKey& function, Way way, double run_s, double cost_s) {
  return rate(function, way) * run_s > cost_s;
}

}  // namespace timerose::scheduler::memo
