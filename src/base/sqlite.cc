#include "base/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace timerose::sqlite {
namespace {

ErrorCode kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::kBusy;
    case SQLITE_FULL:
      return ErrorCode::kNoSpace;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return ErrorCode::kPermission;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kMalformed;
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return ErrorCode::kLimitExceeded;
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
      return ErrorCode::kInvalidArgument;
    case SQLITE_MISUSE:
    case SQLITE_INTERNAL:
      return ErrorCode::kInternal;
    default:
      return ErrorCode::kIo;
  }
}

const char* advice(ErrorCode kind) {
  switch (kind) {
    case ErrorCode::kBusy:
      return "; another process writes to it, try again when it has ended";
    case ErrorCode::kNoSpace:
      return "; free space on that disk and try again";
    case ErrorCode::kMalformed:
      return "; it is damaged, restore it from a copy or move it away";
    default:
      return "";
  }
}

Error sqlite_error(int code, sqlite3* connection, const std::string& file) {
  const ErrorCode kind = kind_of(code);
  const char* what = connection == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(connection);
  return Error{kind, fmt::format("{}: {}{}", file, what, advice(kind))};
}

}  // namespace

Statement::Statement(std::unique_lock<std::recursive_mutex> lock, sqlite3* connection,
                     sqlite3_stmt* handle, const std::string& file)
    : lock_(std::move(lock)), connection_(connection), handle_(handle), file_(&file) {}

Statement::Statement(Statement&& other) noexcept
    : lock_(std::move(other.lock_)),
      connection_(other.connection_),
      handle_(std::exchange(other.handle_, nullptr)),
      file_(other.file_),
      bind_code_(other.bind_code_) {}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::bind(int parameter, ByteView blob) {
  // A null pointer would bind NULL, which an empty blob is not.
  const void* data = blob.empty() ? static_cast<const void*>("") : blob.data();
  bind_code_ |= sqlite3_bind_blob64(handle_, parameter, data, blob.size(), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  const char* data = text.empty() ? "" : text.data();
  bind_code_ |=
      sqlite3_bind_text64(handle_, parameter, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int parameter, int64_t number) {
  bind_code_ |= sqlite3_bind_int64(handle_, parameter, number);
  return *this;
}

Result<bool> Statement::step() {
  if (bind_code_ != SQLITE_OK) return sqlite_error(bind_code_, connection_, *file_);
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return sqlite_error(code, connection_, *file_);
}

Status Statement::run() {
  TR_ASSIGN(const bool row, step());
  CHECK(!row);
  return success();
}

void Statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  bind_code_ = SQLITE_OK;
}

ByteView Statement::blob(int column) const {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(handle_, column));
  return {data, data == nullptr ? 0 : static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string_view Statement::text(int column) const { return as_text(blob(column)); }

int64_t Statement::number(int column) const { return sqlite3_column_int64(handle_, column); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

Transaction::Transaction(Transaction&& other) noexcept
    : lock_(std::move(other.lock_)), database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // Fails only if SQLite has rolled back by itself, which is what is wanted.
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Status Transaction::commit() {
  CHECK(database_ != nullptr);
  TR_TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  lock_.unlock();
  return success();
}

Database::~Database() { sqlite3_close(connection_); }

Status Database::open() {
  if (connection_ != nullptr) return success();
  sqlite3* connection = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  int code = sqlite3_open_v2(file_.c_str(), &connection, kFlags, nullptr);
  if (code == SQLITE_OK) {
    sqlite3_extended_result_codes(connection, 1);
    sqlite3_busy_timeout(connection, kBusyTimeoutMs);
    code = sqlite3_exec(connection,
                        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
                        nullptr, nullptr, nullptr);
  }
  if (code != SQLITE_OK) {
    Error error = sqlite_error(code, connection, file_);
    sqlite3_close(connection);
    return std::move(error).within("opening");
  }
  connection_ = connection;
  return success();
}

Result<Statement> Database::prepare(std::string_view sql) {
  std::unique_lock lock(mutex_);
  TR_TRY(open());
  sqlite3_stmt* handle = nullptr;
  const int code =
      sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  if (code != SQLITE_OK) return sqlite_error(code, connection_, file_);
  return Statement(std::move(lock), connection_, handle, file_);
}

Status Database::execute(const std::string& sql) {
  const std::lock_guard lock(mutex_);
  TR_TRY(open());
  const int code = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return sqlite_error(code, connection_, file_);
  return success();
}

Result<Transaction> Database::begin() {
  std::unique_lock lock(mutex_);
  TR_TRY(execute("BEGIN IMMEDIATE"));
  return Transaction(std::move(lock), *this);
}

int64_t Database::changes() {
  const std::lock_guard lock(mutex_);
  return connection_ == nullptr ? 0 : sqlite3_changes64(connection_);
}

}  // namespace timerose::sqlite
