#include "base/sqlite.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <thread>
#include <vector>

#include "base/testing.h"

namespace timerose::sqlite {
namespace {

class Sqlite : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "records.sqlite"; }

  static int64_t count(Database& database) {
    auto rows = database.prepare("SELECT count(*) FROM t");
    if (!rows || !rows->step().value()) return -1;
    return rows->number(0);
  }

  testing_support::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(Sqlite, DoesNotTouchTheDiskBeforeTheFirstStatement) {
  Database database(file());
  EXPECT_FALSE(std::filesystem::exists(file()));
  ASSERT_TRUE(database.execute("CREATE TABLE t(a)").ok());
  EXPECT_TRUE(std::filesystem::exists(file()));
}

TEST_F(Sqlite, KeepsBlobsTextNumbersAndNullApart) {
  Database database(file());
  ASSERT_TRUE(database.execute("CREATE TABLE t(a, b, c, d, e)").ok());
  const Bytes blob = {0, 1, 255};
  ASSERT_TRUE(database.prepare("INSERT INTO t(a, b, c, e) VALUES(?,?,?,?)")
                  ->bind(1, ByteView(blob))
                  .bind(2, std::string_view("a\0b", 3))
                  .bind(3, int64_t{-1} << 62)
                  .bind(4, ByteView())
                  .run()
                  .ok());
  auto row = database.prepare("SELECT * FROM t");
  ASSERT_TRUE(row->step().value());
  EXPECT_TRUE(equal(row->blob(0), blob));
  EXPECT_EQ(row->text(1), std::string_view("a\0b", 3));
  EXPECT_EQ(row->number(2), int64_t{-1} << 62);
  EXPECT_TRUE(row->is_null(3));
  EXPECT_FALSE(row->is_null(4));
  EXPECT_TRUE(row->blob(4).empty());
  EXPECT_FALSE(row->step().value());
}

TEST_F(Sqlite, CanRunAStatementAgainAfterReset) {
  Database database(file());
  ASSERT_TRUE(database.execute("CREATE TABLE t(a)").ok());
  {
    auto insert = database.prepare("INSERT INTO t VALUES(?)");
    for (int64_t i = 0; i < 3; ++i) {
      ASSERT_TRUE(insert->bind(1, i).run().ok());
      insert->reset();
    }
  }
  EXPECT_EQ(count(database), 3);
}

TEST_F(Sqlite, RollsBackATransactionThatWasNotCommitted) {
  Database database(file());
  ASSERT_TRUE(database.execute("CREATE TABLE t(a)").ok());
  {
    auto transaction = database.begin();
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES(1)").ok());
  }
  EXPECT_EQ(count(database), 0);
  {
    auto transaction = database.begin();
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES(1)").ok());
    ASSERT_TRUE(transaction->commit().ok());
  }
  EXPECT_EQ(count(database), 1);
  EXPECT_EQ(count(*std::make_unique<Database>(file())), 1);
}

TEST_F(Sqlite, SerialisesTheTransactionsOfThreads) {
  Database database(file());
  ASSERT_TRUE(database.execute("CREATE TABLE t(a); INSERT INTO t VALUES(0)").ok());
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&database] {
      for (int i = 0; i < 10; ++i) {
        auto transaction = database.begin();
        auto read = database.prepare("SELECT a FROM t");
        ASSERT_TRUE(read->step().value());
        const int64_t value = read->number(0);
        read->reset();
        ASSERT_TRUE(database.prepare("UPDATE t SET a=?")->bind(1, value + 1).run().ok());
        ASSERT_TRUE(transaction->commit().ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  auto read = database.prepare("SELECT a FROM t");
  ASSERT_TRUE(read->step().value());
  EXPECT_EQ(read->number(0), 40);
}

TEST_F(Sqlite, NamesTheFileInErrors) {
  std::ofstream(file()) << "this is certainly not a database, though it is long enough to be one "
                           "and goes on for more than the hundred bytes of a header of SQLite";
  Database database(file());
  const Status status = database.execute("CREATE TABLE t(a)");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kMalformed);
  EXPECT_NE(status.error().message.find(file().string()), std::string::npos);
}

TEST_F(Sqlite, RefusesSqlThatDoesNotCompile) {
  Database database(file());
  auto statement = database.prepare("SELEKT 1");
  ASSERT_FALSE(statement.ok());
  EXPECT_EQ(statement.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Sqlite, ReportsAParameterThatDoesNotExist) {
  Database database(file());
  auto statement = database.prepare("SELECT ?");
  ASSERT_TRUE(statement.ok());
  EXPECT_FALSE(statement->bind(2, int64_t{1}).step().ok());
}

TEST_F(Sqlite, ReportsAFolderThatIsNotThere) {
  Database database(folder_ / "absent" / "records.sqlite");
  const Status status = database.execute("SELECT 1");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace timerose::sqlite
