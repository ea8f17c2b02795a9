#include "names/decisions.h"

#include <gtest/gtest.h>

#include "names/names_testing.h"

namespace timerose::names {
namespace {

using testing::kHourNs;
using testing::kNoonNs;
using testing::kSecondNs;

IpnsRecord record(const std::string& value, uint64_t sequence, uint64_t valid_until_ns) {
  return {value, sequence, valid_until_ns, kTtlNsDefault};
}

TEST(NextRecord, BeginsWithSequenceZero) {
  const auto first = next_record(std::nullopt, {"/ipfs/bafkqaaa"}, kNoonNs);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*first, record("/ipfs/bafkqaaa", 0, kNoonNs + kValidityNsDefault));
}

TEST(NextRecord, OfAnotherValueHasTheNextSequence) {
  const auto next = next_record(record("/ipfs/a", 7, kNoonNs), {"/ipfs/b"}, kNoonNs);
  EXPECT_EQ(next->sequence, 8U);
}

TEST(NextRecord, OfTheSameValueKeepsTheSequenceIfItEndsLater) {
  const auto old = record("/ipfs/a", 7, kNoonNs + kValidityNsDefault);
  EXPECT_EQ(next_record(old, {"/ipfs/a"}, kNoonNs + 1)->sequence, 7U);
  EXPECT_EQ(next_record(old, {"/ipfs/a"}, kNoonNs)->sequence, 8U);
  EXPECT_EQ(next_record(old, {"/ipfs/a", kHourNs}, kNoonNs + 1)->sequence, 8U);
}

TEST(NextRecord, AlwaysReplacesTheOneBefore) {
  for (const char* value : {"/ipfs/a", "/ipfs/b"}) {
    for (const uint64_t until : {uint64_t{0}, kNoonNs, kNoonNs + 100 * kHourNs, UINT64_MAX}) {
      const auto old = record("/ipfs/a", 3, until);
      const auto next = next_record(old, {value}, kNoonNs);
      ASSERT_TRUE(next.ok());
      EXPECT_TRUE(is_newer({*next, {}}, {old, {0xff}})) << value << ' ' << until;
    }
  }
}

TEST(NextRecord, HasNoSequenceAfterTheLast) {
  const auto last = record("/ipfs/a", kSequenceMax, kNoonNs);
  EXPECT_EQ(next_record(last, {"/ipfs/b"}, kNoonNs).error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(next_record(last, {"/ipfs/a"}, kNoonNs)->sequence, kSequenceMax);
  const auto beyond = record("/ipfs/a", UINT64_MAX, kNoonNs);
  EXPECT_EQ(next_record(beyond, {"/ipfs/b"}, kNoonNs).error().code, ErrorCode::kLimitExceeded);
}

TEST(NextRecord, CannotEndAfterTheLastMoment) {
  const auto endless = next_record(std::nullopt, {"/ipfs/a", UINT64_MAX}, kNoonNs);
  EXPECT_EQ(endless.error().code, ErrorCode::kLimitExceeded);
}

TEST(Freshness, EndsWithTheTtlOrTheValidity) {
  const auto of = record("/ipfs/a", 1, kNoonNs + kHourNs);
  EXPECT_EQ(fresh_for_ns(of, kNoonNs, kNoonNs + kTtlNsDefault - 1), 1U);
  EXPECT_EQ(fresh_for_ns(of, kNoonNs, kNoonNs + kTtlNsDefault), 0U);
  EXPECT_EQ(fresh_for_ns(of, kNoonNs, kNoonNs), kTtlNsDefault);
  EXPECT_EQ(fresh_for_ns(of, kNoonNs + kHourNs - 1, kNoonNs + kHourNs - 1), 1U);
  EXPECT_EQ(fresh_for_ns(of, kNoonNs + kHourNs, kNoonNs + kHourNs), 0U);
}

TEST(Freshness, IsNotMoreThanTheTtlWhenTheClockWasSetBack) {
  const auto of = record("/ipfs/a", 1, kNoonNs + kHourNs);
  EXPECT_EQ(fresh_for_ns(of, kNoonNs + kHourNs, kNoonNs), kTtlNsDefault);
}

TEST(NewerOf, TakesTheNewerOrTheOneThereIs) {
  const SignedRecord low{record("/ipfs/a", 1, 1), {1}};
  const SignedRecord high{record("/ipfs/b", 2, 1), {1}};
  EXPECT_EQ(newer_of(low, high), high);
  EXPECT_EQ(newer_of(high, low), high);
  EXPECT_EQ(newer_of(std::nullopt, low), low);
  EXPECT_EQ(newer_of(low, std::nullopt), low);
  EXPECT_EQ(newer_of(std::nullopt, std::nullopt), std::nullopt);
}

TEST(Republishing, IsDueAtStartAndEveryFourHours) {
  EXPECT_EQ(republish_at_ns({}), 0U);
  EXPECT_EQ(republish_at_ns({100, kValidityNsDefault, true}), 100 + 4 * kHourNs);
}

TEST(Republishing, IsDueTwiceInAShortLifetime) {
  EXPECT_EQ(republish_at_ns({100, kHourNs, true}), 100 + kHourNs / 2);
  EXPECT_EQ(republish_at_ns({100, 10 * kSecondNs, false}), 100 + 5 * kSecondNs);
}

TEST(Republishing, IsTriedAgainSoonWhereNobodyWasReached) {
  EXPECT_EQ(republish_at_ns({100, kValidityNsDefault, false}), 100 + kRetryNs);
  EXPECT_EQ(republish_at_ns({100, kValidityNsDefault, false, true}), 100 + kRetryWithPeerNs);
  EXPECT_EQ(republish_at_ns({100, kValidityNsDefault, true, true}), 100 + kRepublishNs);
}

}  // namespace
}  // namespace timerose::names
