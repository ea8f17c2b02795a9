// Randomness comes in by constructor: code that needs it takes a Random&.
#pragma once

#include <cstdint>
#include <span>

namespace timerose {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<uint8_t> out) = 0;
};

// The operating system's generator, fit for keys. Thread-safe.
class SystemRandom final : public Random {
 public:
  void fill(std::span<uint8_t> out) override;
};

// A repeatable stream (splitmix64) for tests and the simulator; never for keys.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  void fill(std::span<uint8_t> out) override;
  uint64_t next();

 private:
  uint64_t state_;
};

}  // namespace timerose
