// SQLite: a database file, its statements and transactions. Errors name the file.
//
// One connection, used by one thread at a time: a Statement or a Transaction has the connection to
// itself until it is destroyed, and another thread that asks for one waits. A thread may hold
// several at once.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace timerose::sqlite {

// How long a call waits for another process's write before it is kBusy.
inline constexpr int kBusyTimeoutMs = 5000;

// One prepared SQL statement. Parameters are numbered from 1, columns from 0.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Statement& bind(int parameter, ByteView blob);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, int64_t number);

  // Whether there is a (further) row. Errors of bind() appear here.
  Result<bool> step();
  // For a statement without rows.
  Status run();
  // Makes it ready to be bound and stepped again.
  void reset();

  // Of the present row; valid until the next step(). NULL is empty, or 0.
  [[nodiscard]] ByteView blob(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] int64_t number(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  Statement(std::unique_lock<std::recursive_mutex> lock, sqlite3* connection, sqlite3_stmt* handle,
            const std::string& file);

  std::unique_lock<std::recursive_mutex> lock_;
  sqlite3* connection_;
  sqlite3_stmt* handle_;
  const std::string* file_;
  int bind_code_ = 0;
};

class Database;

// Writes that happen all or not at all: rolled back unless commit() succeeded.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  // On success the writes are on stable storage.
  Status commit();

 private:
  friend class Database;
  Transaction(std::unique_lock<std::recursive_mutex> lock, Database& database)
      : lock_(std::move(lock)), database_(&database) {}

  std::unique_lock<std::recursive_mutex> lock_;
  Database* database_;  // null once it has ended
};

// Made at first use, with a write-ahead log and synchronous=FULL: what a statement outside of a
// transaction wrote, or a committed transaction, survives a crash of the machine.
class Database {
 public:
  // Does not touch the disk: the file is opened by the first statement.
  explicit Database(const std::filesystem::path& file) : file_(file.string()) {}
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] const std::string& file() const { return file_; }

  // kInvalidArgument for SQL that does not compile.
  Result<Statement> prepare(std::string_view sql);
  // Runs statements without parameters and rows, separated by semicolons.
  Status execute(const std::string& sql);
  // kBusy if another process writes and does not end.
  Result<Transaction> begin();
  // Rows that the last INSERT, UPDATE or DELETE changed.
  [[nodiscard]] int64_t changes();

 private:
  Status open();  // holding mutex_

  const std::string file_;
  std::recursive_mutex mutex_;
  sqlite3* connection_ = nullptr;
};

}  // namespace timerose::sqlite
