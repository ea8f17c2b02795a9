#include "base/random.h"

#include <sys/random.h>

#include <cstring>

#include "base/check.h"

namespace timerose {

void SystemRandom::fill(std::span<uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    CHECK(got > 0);
    out = out.subspan(static_cast<size_t>(got));
  }
}

uint64_t SeededRandom::next() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

void SeededRandom::fill(std::span<uint8_t> out) {
  for (size_t i = 0; i < out.size(); i += 8) {
    const uint64_t word = next();
    std::memcpy(out.data() + i, &word, out.size() - i < 8 ? out.size() - i : 8);
  }
}

}  // namespace timerose
