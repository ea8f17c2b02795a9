// Chance that comes from a seed alone.
#pragma once

#include <cmath>

#include "base/random.h"

namespace timerose::sim {

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}

  // Below `limit`, which is not 0.
  uint64_t below(uint64_t limit) { return random_.next() % limit; }
  uint64_t between(uint64_t least, uint64_t most) { return least + below(most - least + 1); }
  bool chance(double probability) { return unit() < probability; }
  // At least 0, below 1.
  double unit() { return static_cast<double>(random_.next() >> 11) * 0x1.0p-53; }
  // How long something takes to happen that happens once in `mean`.
  double exponential(double mean) { return -mean * std::log(1 - unit()); }
  uint64_t seed() { return random_.next(); }

 private:
  SeededRandom random_;
};

}  // namespace timerose::sim
