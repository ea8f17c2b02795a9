#include "names/known_records.h"

#include <gtest/gtest.h>

#include "names/names_testing.h"

namespace timerose::names {
namespace {

using testing::key_number;
using testing::kNoonNs;
using testing::peer_number;
using testing::signed_by;
using Told = KnownRecords::Told;

TEST(KnownRecords, TellsNewerFromSameFromOlder) {
  KnownRecords known;
  const PrivateKey key = key_number(1);
  const SignedRecord first = signed_by(key, "/ipfs/bafkqaaa", 1);
  const SignedRecord second = signed_by(key, "/ipfs/bafkqaaa/b", 2);
  EXPECT_EQ(known.take(peer_number(1), first, kNoonNs), Told::kNewer);
  EXPECT_EQ(known.take(peer_number(1), first, kNoonNs), Told::kSame);
  EXPECT_EQ(known.take(peer_number(1), second, kNoonNs), Told::kNewer);
  EXPECT_EQ(known.take(peer_number(1), first, kNoonNs), Told::kOlder);
  EXPECT_EQ(known.find(peer_number(1), kNoonNs), second);
}

TEST(KnownRecords, ForgetsWhatHasExpired) {
  KnownRecords known;
  const PrivateKey key = key_number(1);
  known.take(peer_number(1), signed_by(key, "/ipfs/bafkqaaa", 9, kNoonNs + 1), kNoonNs);
  EXPECT_TRUE(known.find(peer_number(1), kNoonNs).has_value());
  EXPECT_EQ(known.take(peer_number(1), signed_by(key, "/ipfs/bafkqaaa", 1), kNoonNs + 1),
            Told::kNewer);
  KnownRecords other;
  other.take(peer_number(1), signed_by(key, "/ipfs/bafkqaaa", 9, kNoonNs + 1), kNoonNs);
  EXPECT_FALSE(other.find(peer_number(1), kNoonNs + 1).has_value());
}

TEST(KnownRecords, DropsThoseLongestWithoutUseAtItsLimit) {
  KnownRecords known(2000);  // room for three
  for (const uint8_t number : {1, 2, 3}) {
    known.take(peer_number(number), signed_by(key_number(number), "/ipfs/bafkqaaa", 1), kNoonNs);
  }
  EXPECT_TRUE(known.find(peer_number(1), kNoonNs).has_value());
  known.take(peer_number(4), signed_by(key_number(4), "/ipfs/bafkqaaa", 1), kNoonNs);
  EXPECT_TRUE(known.find(peer_number(1), kNoonNs).has_value());
  EXPECT_FALSE(known.find(peer_number(2), kNoonNs).has_value());
  EXPECT_TRUE(known.find(peer_number(4), kNoonNs).has_value());
}

}  // namespace
}  // namespace timerose::names
