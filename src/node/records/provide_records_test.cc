#include "node/records/provide_records.h"

#include <gtest/gtest.h>

namespace timerose::node {
namespace {

Cid cid_number(int number) { return Cid::of_sha256(Codec::kRaw, as_bytes(std::to_string(number))); }

class ProvideRecordsTest : public ::testing::Test {
 protected:
  sqlite::Database database_{":memory:"};
};

TEST_F(ProvideRecordsTest, NothingIsKeptAtFirst) {
  const auto loaded = ProvideRecords::load(database_);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->swept_until_ns, 0U);
  EXPECT_TRUE(loaded->soon.empty());
}

TEST_F(ProvideRecordsTest, WhatIsSavedIsLoadedInPlaceOfWhatWasKept) {
  ASSERT_TRUE(ProvideRecords::add_soon(database_, {cid_number(1), true}).ok());
  ProvideRecords records;
  records.swept_until_ns = 12'345;
  records.soon = {{cid_number(2), false}};
  ASSERT_TRUE(records.save(database_).ok());
  const auto loaded = ProvideRecords::load(database_);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->swept_until_ns, 12'345U);
  ASSERT_EQ(loaded->soon.size(), 1U);
  EXPECT_EQ(loaded->soon[0].cid, cid_number(2));
  EXPECT_FALSE(loaded->soon[0].whole);
}

TEST_F(ProvideRecordsTest, WhatACommandNotesIsKeptOnce) {
  ASSERT_TRUE(ProvideRecords::add_soon(database_, {cid_number(1), false}).ok());
  ASSERT_TRUE(ProvideRecords::add_soon(database_, {cid_number(1), true}).ok());
  const auto loaded = ProvideRecords::load(database_);
  ASSERT_TRUE(loaded.ok());
  ASSERT_EQ(loaded->soon.size(), 1U);
  EXPECT_TRUE(loaded->soon[0].whole);
}

}  // namespace
}  // namespace timerose::node
