#include "names/record_store.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "names/names_testing.h"

namespace timerose::names {
namespace {

using testing::key_number;
using testing::kHourNs;
using testing::kNoonNs;
using testing::name_of;
using testing::peer_number;
using testing::signed_by;

class RecordStoreTest : public ::testing::Test {
 protected:
  RecordStoreTest() { reopen(); }
  void reopen() {
    store_.reset();
    database_ = std::make_unique<sqlite::Database>(folder_.path() / "records.sqlite");
    store_.emplace(*database_);
  }
  SignedRecord publish(const std::string& value, uint64_t now_ns = kNoonNs,
                       const std::optional<SignedRecord>& elsewhere = std::nullopt) {
    auto record = store_->publish(key_, {value}, elsewhere, now_ns);
    EXPECT_TRUE(record.ok()) << record.error().message;
    return record.ok() ? *record : SignedRecord{};
  }

  testing_support::TemporaryFolder folder_;
  std::unique_ptr<sqlite::Database> database_;
  std::optional<RecordStore> store_;
  const PrivateKey key_ = key_number(1);
  const PeerId name_ = name_of(key_);
};

TEST_F(RecordStoreTest, CountsOnAfterARestart) {
  EXPECT_EQ(publish("/ipfs/bafkqaaa").record.sequence, 0U);
  EXPECT_EQ(publish("/ipfs/bafkqaaa/a").record.sequence, 1U);
  reopen();
  const auto kept = store_->find(name_);
  ASSERT_TRUE(kept.ok() && *kept);
  EXPECT_EQ((*kept)->signed_record.record.value, "/ipfs/bafkqaaa/a");
  EXPECT_TRUE((*kept)->own);
  EXPECT_EQ(publish("/ipfs/bafkqaaa/b", kNoonNs + 100 * kHourNs).record.sequence, 2U);
}

TEST_F(RecordStoreTest, CountsOnFromWhatAnotherNodeHasPublished) {
  EXPECT_EQ(publish("/ipfs/a", kNoonNs, signed_by(key_, "/ipfs/bafkqaaa", 41)).record.sequence,
            42U);
  ASSERT_TRUE(store_->saw(name_, signed_by(key_, "/ipfs/bafkqaaa", 99), kNoonNs).ok());
  EXPECT_EQ(publish("/ipfs/a").record.sequence, 100U);
}

TEST_F(RecordStoreTest, RenewsTheSameRecordWithALaterEnd) {
  const SignedRecord first = publish("/ipfs/bafkqaaa");
  const auto later = store_->renew(key_, kNoonNs + kHourNs);
  ASSERT_TRUE(later.ok() && *later);
  EXPECT_EQ((*later)->record.sequence, 0U);
  EXPECT_EQ((*later)->record.value, first.record.value);
  EXPECT_EQ((*later)->record.valid_until_ns, first.record.valid_until_ns + kHourNs);
  EXPECT_EQ((*store_->find(name_))->signed_record, **later);
}

TEST_F(RecordStoreTest, DoesNotRenewWhatAnotherNodeHasReplaced) {
  publish("/ipfs/bafkqaaa");
  ASSERT_TRUE(store_->saw(name_, signed_by(key_, "/ipfs/bafkqaaa/x", 5), kNoonNs).ok());
  const auto renewed = store_->renew(key_, kNoonNs + kHourNs);
  ASSERT_TRUE(renewed.ok());
  EXPECT_EQ(*renewed, std::nullopt);
  EXPECT_EQ(store_->renew(key_number(2), kNoonNs).error().code, ErrorCode::kNotFound);
}

TEST_F(RecordStoreTest, KeepsTheNewestSeen) {
  const SignedRecord low = signed_by(key_, "/ipfs/bafkqaaa", 4);
  const SignedRecord high = signed_by(key_, "/ipfs/bafkqaaa/x", 5);
  ASSERT_TRUE(store_->saw(name_, high, kNoonNs).ok());
  ASSERT_TRUE(store_->saw(name_, low, kNoonNs + 1).ok());
  reopen();
  const auto kept = store_->find(name_);
  ASSERT_TRUE(kept.ok() && *kept);
  EXPECT_EQ((*kept)->signed_record, high);
  EXPECT_EQ((*kept)->seen_ns, kNoonNs + 1);
  EXPECT_FALSE((*kept)->own);
}

TEST_F(RecordStoreTest, ListsOwnRecordsOnly) {
  publish("/ipfs/bafkqaaa");
  ASSERT_TRUE(
      store_->saw(peer_number(2), signed_by(key_number(2), "/ipfs/bafkqaaa", 1), kNoonNs).ok());
  const auto own = store_->own();
  ASSERT_TRUE(own.ok());
  ASSERT_EQ(own->size(), 1U);
  EXPECT_EQ(own->front().name, name_);
  EXPECT_EQ(own->front().stored.lifetime_ns, kValidityNsDefault);
}

TEST_F(RecordStoreTest, TakesADamagedRecordAsAbsent) {
  publish("/ipfs/bafkqaaa");
  ASSERT_TRUE(database_->execute("UPDATE ipns_records SET record = x'00'").ok());
  const auto kept = store_->find(name_);
  ASSERT_TRUE(kept.ok());
  EXPECT_FALSE(kept->has_value());
  EXPECT_TRUE(store_->own()->empty());
}

TEST_F(RecordStoreTest, ForgetsTheRecordsSeenLongestAgo) {
  publish("/ipfs/bafkqaaa");
  ASSERT_TRUE(store_->saw(peer_number(2), signed_by(key_number(2), "/ipfs/bafkqaaa", 1), 1).ok());
  ASSERT_TRUE(database_
                  ->execute("WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM "
                            "numbers WHERE n < " +
                            std::to_string(kSeenRecordsMax) +
                            ") INSERT INTO ipns_records SELECT CAST(n AS BLOB), 0, x'00', n + 1, "
                            "0 FROM numbers")
                  .ok());
  ASSERT_TRUE(
      store_->saw(peer_number(3), signed_by(key_number(3), "/ipfs/bafkqaaa", 1), kNoonNs).ok());
  EXPECT_FALSE(store_->find(peer_number(2))->has_value());
  EXPECT_TRUE(store_->find(peer_number(3))->has_value());
  EXPECT_TRUE(store_->find(name_)->has_value());
  auto count = database_->prepare("SELECT COUNT(*) FROM ipns_records WHERE own = 0");
  ASSERT_TRUE(count.ok() && *count->step());
  EXPECT_EQ(count->number(0), kSeenRecordsMax);
}

}  // namespace
}  // namespace timerose::names
