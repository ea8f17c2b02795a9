// Opening a RocksDatabase, for reading and for writing: what it leaves on the disk, what it finds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "blockstore/rocks_blockstore.h"
#include "blockstore/rocks_database.h"
#include "blockstore/rocks_table.h"
#include "blockstore/store_testing.h"
#include "blockstore/verify.h"

namespace timerose {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::block_of;
using testing_support::bytes_of;
using testing_support::TemporaryFolder;

std::unique_ptr<RocksDatabase> open_database(const fs::path& folder, Access access) {
  auto database = RocksDatabase::open(folder, {.access = access});
  if (!database) ADD_FAILURE() << database.error().message;
  return std::move(database).value();
}

void put_in_own_session(const fs::path& folder, const Block& block) {
  const auto database = open_database(folder, Access::kReadWrite);
  RocksBlockstore store(*database);
  ASSERT_TRUE(store.put(block).ok());
  ASSERT_TRUE(store.flush().ok());
}

std::map<std::string, uint64_t> files_by_kind(const fs::path& folder) {
  std::map<std::string, uint64_t> count;
  for (const auto& entry : fs::directory_iterator(folder)) {
    ++count[""];
    ++count[entry.path().extension().string()];
  }
  return count;
}

std::map<std::string, fs::file_time_type> times_of(const fs::path& folder) {
  std::map<std::string, fs::file_time_type> times;
  for (const auto& entry : fs::directory_iterator(folder)) {
    times[entry.path().filename()] = entry.last_write_time();
  }
  return times;
}

TEST(RocksOpening, ForReadingFindsWhatIsInTheLogAndWritesNothing) {
  const TemporaryFolder folder;
  put_in_own_session(folder.path(), block_of(1));
  put_in_own_session(folder.path(), block_of(2, 5000));
  const auto before = times_of(folder.path());
  {
    const auto database = open_database(folder.path(), Access::kReadOnly);
    RocksBlockstore store(*database);
    EXPECT_TRUE(store.get(block_of(1).cid()).ok());
    EXPECT_TRUE(store.get(block_of(2, 5000).cid()).ok());
    EXPECT_EQ(count_blocks(store)->blocks, 2U);
  }
  EXPECT_EQ(times_of(folder.path()), before);
}

TEST(RocksOpening, ForReadingTakesNoChanges) {
  const TemporaryFolder folder;
  put_in_own_session(folder.path(), block_of(1));
  const auto database = open_database(folder.path(), Access::kReadOnly);
  RocksBlockstore store(*database);
  RocksTable table(*database, "memo");
  const Bytes key = bytes_of(1, 8);
  EXPECT_TRUE(store.put(block_of(1)).ok());  // it is there: nothing changes
  EXPECT_EQ(store.put(block_of(2)).error().code, ErrorCode::kPermission);
  EXPECT_EQ(store.remove(block_of(1).cid()).error().code, ErrorCode::kPermission);
  EXPECT_EQ(table.put(key, key).error().code, ErrorCode::kPermission);
  EXPECT_EQ(table.erase(key).error().code, ErrorCode::kPermission);
  EXPECT_EQ(database->compact().error().code, ErrorCode::kPermission);
  EXPECT_TRUE(store.flush().ok());
}

TEST(RocksOpening, ForReadingADatabaseThatIsNotThereIsAnEmptyOne) {
  const TemporaryFolder folder;
  const fs::path blocks = folder.path() / "blocks";
  const auto database = open_database(blocks, Access::kReadOnly);
  RocksBlockstore store(*database);
  EXPECT_EQ(store.get(block_of(1).cid()).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(store.has(block_of(1).cid()).value());
  EXPECT_EQ(count_blocks(store)->blocks, 0U);
  EXPECT_FALSE(RocksTable(*database, "memo").get(bytes_of(1, 8)).value().has_value());
  EXPECT_EQ(database->usage().bytes, 0U);
  EXPECT_FALSE(fs::exists(blocks));

  ASSERT_TRUE(database->begin_writing().ok());
  EXPECT_TRUE(store.put(block_of(1)).ok());
  EXPECT_TRUE(store.flush().ok());
}

TEST(RocksOpening, GoesOnFromReadingToWritingWithTheSameStores) {
  const TemporaryFolder folder;
  put_in_own_session(folder.path(), block_of(1, 5000));
  {
    const auto database = open_database(folder.path(), Access::kReadOnly);
    RocksBlockstore store(*database);
    const SharedBytes data = store.get(block_of(1, 5000).cid()).value();
    ASSERT_TRUE(database->begin_writing().ok());
    ASSERT_TRUE(database->begin_writing().ok());  // once more is nothing
    ASSERT_TRUE(store.put(block_of(2)).ok());
    ASSERT_TRUE(store.flush().ok());
    EXPECT_EQ(as_text(data.view()), as_text(bytes_of(1, 5000)));
    EXPECT_TRUE(store.get(block_of(1, 5000).cid()).ok());
  }
  const auto database = open_database(folder.path(), Access::kReadOnly);
  RocksBlockstore store(*database);
  EXPECT_EQ(count_blocks(store)->blocks, 2U);
}

TEST(RocksOpening, LeavesFewFilesAfterManySmallSessions) {
  const TemporaryFolder folder;
  constexpr uint64_t kSessions = 200;
  for (uint64_t number = 0; number < kSessions; ++number) {
    put_in_own_session(folder.path(), block_of(number, 2000));
  }
  auto files = files_by_kind(folder.path());
  EXPECT_LE(files[".log"], 17U);
  EXPECT_LE(files[""], 60U) << files[".sst"] << " sst, " << files[".blob"] << " blob";
  const auto database = open_database(folder.path(), Access::kReadOnly);
  RocksBlockstore store(*database);
  EXPECT_EQ(count_blocks(store)->blocks, kSessions);
}

TEST(RocksOpening, LeavesFewFilesAfterManySessionsThatChangedNothing) {
  const TemporaryFolder folder;
  for (int session = 0; session < 60; ++session) {
    open_database(folder.path(), Access::kReadWrite).reset();
  }
  auto files = files_by_kind(folder.path());
  EXPECT_LE(files[".log"], 17U);
  EXPECT_LE(files[""], 30U);
}

// Of three sessions' logs the middle one.
fs::path middle_log(const fs::path& folder) {
  std::vector<fs::path> logs;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".log" && entry.file_size() > 0) logs.push_back(entry.path());
  }
  std::ranges::sort(logs);
  return logs.size() == 3 ? logs[1] : fs::path();
}

class DamagedLog : public testing::TestWithParam<Access> {
 protected:
  DamagedLog() {
    for (uint64_t number = 0; number < 3; ++number) {
      put_in_own_session(folder_.path(), block_of(number));
    }
    log_ = middle_log(folder_.path());
  }
  TemporaryFolder folder_;
  fs::path log_;
};

TEST_P(DamagedLog, IsAnErrorThatNamesTheFile) {
  ASSERT_FALSE(log_.empty());
  std::fstream file(log_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(log_) / 2));
  file.put('!');
  file.close();
  const auto opened = RocksDatabase::open(folder_.path(), {.access = GetParam()});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(opened.error().message, HasSubstr(log_.string()));
  EXPECT_THAT(opened.error().message, HasSubstr("move"));
  // What the message says to do.
  fs::remove(log_);
  const auto database = open_database(folder_.path(), Access::kReadWrite);
  RocksBlockstore store(*database);
  EXPECT_EQ(count_blocks(store)->blocks, 2U);
}

TEST_P(DamagedLog, LosesOnlyItsEndIfItWasCutOff) {
  ASSERT_FALSE(log_.empty());
  fs::resize_file(log_, fs::file_size(log_) - 10);
  const auto database = open_database(folder_.path(), GetParam());
  RocksBlockstore store(*database);
  EXPECT_TRUE(store.has(block_of(0).cid()).value());
  EXPECT_FALSE(store.has(block_of(1).cid()).value());
  EXPECT_TRUE(store.has(block_of(2).cid()).value());
}

INSTANTIATE_TEST_SUITE_P(Access, DamagedLog, testing::Values(Access::kReadOnly, Access::kReadWrite),
                         [](const auto& test) {
                           return test.param == Access::kReadOnly ? "ForReading" : "ForWriting";
                         });

}  // namespace
}  // namespace timerose
