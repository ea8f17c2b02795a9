// What table.h promises, of each implementation.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "blockstore/memory_table.h"
#include "blockstore/rocks_table.h"
#include "blockstore/store_testing.h"

namespace timerose {
namespace {

struct MemoryTableUnderTest {
  MemoryTable table;
};

struct RocksTableUnderTest {
  testing_support::TemporaryFolder folder;
  std::unique_ptr<RocksDatabase> database = RocksDatabase::open(folder.path(), {}).value();
  RocksTable table{*database, "under test"};
};

template <typename Under>
class TableContract : public testing::Test {
 protected:
  void put(std::string_view key, std::string_view value) {
    ASSERT_TRUE(table_.put(as_bytes(key), as_bytes(value)).ok());
  }
  std::string get(std::string_view key) {
    const auto value = table_.get(as_bytes(key)).value();
    return value ? std::string(as_text(*value)) : "(none)";
  }
  std::string list(std::string_view prefix) {
    std::string all;
    EXPECT_TRUE(table_
                    .for_each(as_bytes(prefix),
                              [&](ByteView key, ByteView value) {
                                all.append(as_text(key)).append("=").append(as_text(value));
                                all.append(" ");
                                return success();
                              })
                    .ok());
    return all;
  }
  Under under_;
  Table& table_ = under_.table;
};
using Tables = testing::Types<MemoryTableUnderTest, RocksTableUnderTest>;
TYPED_TEST_SUITE(TableContract, Tables);

TYPED_TEST(TableContract, GivesBackTheNewestValue) {
  this->put("a", "1");
  EXPECT_EQ(this->get("a"), "1");
  ASSERT_TRUE(this->table_.flush().ok());
  this->put("a", "2");
  EXPECT_EQ(this->get("a"), "2");
  ASSERT_TRUE(this->table_.flush().ok());
  EXPECT_EQ(this->get("a"), "2");
  EXPECT_EQ(this->get("b"), "(none)");
}

TYPED_TEST(TableContract, TellsAnEmptyValueFromNone) {
  this->put("a", "");
  EXPECT_EQ(this->get("a"), "");
}

TYPED_TEST(TableContract, ForgetsAnErasedEntry) {
  this->put("a", "1");
  ASSERT_TRUE(this->table_.flush().ok());
  ASSERT_TRUE(this->table_.erase(as_bytes("a")).ok());
  EXPECT_EQ(this->get("a"), "(none)");
  EXPECT_EQ(this->list(""), "");
  ASSERT_TRUE(this->table_.flush().ok());
  EXPECT_EQ(this->get("a"), "(none)");
}

TYPED_TEST(TableContract, ListsAPrefixInKeyOrderWhateverIsWrittenAlready) {
  this->put("b2", "old");
  this->put("b4", "4");
  this->put("b3", "gone");
  this->put("c", "other");
  ASSERT_TRUE(this->table_.flush().ok());
  this->put("b5", "5");
  this->put("b2", "2");
  this->put("b1", "1");
  this->put("a", "other");
  ASSERT_TRUE(this->table_.erase(as_bytes("b3")).ok());
  EXPECT_EQ(this->list("b"), "b1=1 b2=2 b4=4 b5=5 ");
  ASSERT_TRUE(this->table_.flush().ok());
  EXPECT_EQ(this->list("b"), "b1=1 b2=2 b4=4 b5=5 ");
}

TYPED_TEST(TableContract, TakesKeysAndValuesOfAnyBytes) {
  const std::string key("\0\xff\0", 3);
  const std::string value(100'000, '\0');
  this->put(key, value);
  ASSERT_TRUE(this->table_.flush().ok());
  EXPECT_EQ(this->get(key), value);
}

TYPED_TEST(TableContract, EndsAListingWithTheErrorOfAVisit) {
  this->put("a", "1");
  const Status status = this->table_.for_each(
      {}, [](ByteView, ByteView) -> Status { return Error{ErrorCode::kCancelled, "enough"}; });
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
}

TEST(RocksTable, KeepsTablesApartAndSurvivesManyUnflushedRecords) {
  const testing_support::TemporaryFolder folder;
  const std::string value(3000, 'v');
  {
    const auto database = RocksDatabase::open(folder.path(), {}).value();
    RocksTable one(*database, "one");
    RocksTable two(*database, "two");
    for (int i = 0; i < 2000; ++i) {
      ASSERT_TRUE(one.put(as_bytes(std::to_string(i)), as_bytes(value)).ok());
    }
    EXPECT_FALSE(two.get(as_bytes("7")).value().has_value());
    ASSERT_TRUE(one.flush().ok());
  }
  const auto database = RocksDatabase::open(folder.path(), {}).value();
  RocksTable one(*database, "one");
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(one.get(as_bytes(std::to_string(i))).value().has_value()) << i;
  }
}

}  // namespace
}  // namespace timerose
