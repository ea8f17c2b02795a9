// Keys, records and moments for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "crypto/key.h"
#include "names/ipns_record.h"

namespace timerose::names::testing {

inline constexpr uint64_t kNoonNs = 1'795'262'400'000'000'000;  // 2026-11-21T12:00:00Z
inline constexpr uint64_t kSecondNs = 1'000'000'000;
inline constexpr uint64_t kHourNs = 3600 * kSecondNs;

inline PrivateKey key_number(uint8_t number) {
  std::array<uint8_t, 32> seed;
  seed.fill(number);
  return PrivateKey::from_seed(seed);
}

inline PeerId name_of(const PrivateKey& key) { return PeerId::of(key.public_key()); }
inline PeerId peer_number(uint8_t number) { return name_of(key_number(number)); }

// Signed by `key`; valid for 48 hours from noon unless said otherwise.
inline SignedRecord signed_by(const PrivateKey& key, const std::string& value, uint64_t sequence,
                              uint64_t valid_until_ns = kNoonNs + kValidityNsDefault) {
  SignedRecord record{{value, sequence, valid_until_ns, kTtlNsDefault}, {}};
  auto bytes = create(key, record.record);
  EXPECT_TRUE(bytes.ok());
  if (bytes.ok()) record.bytes = *std::move(bytes);
  return record;
}

}  // namespace timerose::names::testing
