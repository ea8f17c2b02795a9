// For tests: adverts of made-up nodes.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "scheduler/adverts/advert.h"

namespace timerose::scheduler::testing {

inline constexpr uint64_t kNow_ms = 1'800'000'000'000;

inline PrivateKey key_of(uint32_t number) {
  std::array<uint8_t, 32> seed{};
  for (size_t i = 0; i < sizeof(number); ++i) seed[i] = static_cast<uint8_t>(number >> (8 * i));
  seed.back() = 1;
  return PrivateKey::from_seed(seed);
}

// Signed by key_of(number): 8 cores and 16 GiB, all free.
inline Advert advert_of(uint32_t number, uint64_t sequence = 1, uint64_t issued_ms = kNow_ms) {
  Advert advert;
  advert.sequence = sequence;
  advert.issued_unix_ms = issued_ms;
  advert.capacity.cores = 8;
  advert.capacity.memory_bytes = uint64_t{16} << 30;
  advert.capacity.disk_bytes = uint64_t{100} << 30;
  advert.use.cores_free = advert.capacity.cores;
  advert.use.memory_free_bytes = advert.capacity.memory_bytes;
  advert.use.disk_free_bytes = advert.capacity.disk_bytes;
  EXPECT_TRUE(advert.sign(key_of(number)).ok());
  return advert;
}

}  // namespace timerose::scheduler::testing
