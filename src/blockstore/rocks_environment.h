// RocksDB's door to the system, without what our databases do not need: its information log, and
// the syncing of OPTIONS files, which record the settings for people and are never read back. Two
// of the five syncs that opening a database takes are theirs.
#pragma once

#include <rocksdb/env.h>

#include <memory>
#include <mutex>
#include <string>

namespace timerose {

std::unique_ptr<rocksdb::Env> quick_environment();

// Takes RocksDB's information log, writes nothing, and keeps from it the one thing that RocksDB's
// errors do not say: which of the write-ahead logs is damaged.
class DamageLogger final : public rocksdb::Logger {
 public:
  DamageLogger() : Logger(rocksdb::WARN_LEVEL) {}
  using Logger::Logv;
  void Logv(const char* format, va_list values) override;
  // The path of the log, empty if none was found to be damaged.
  [[nodiscard]] std::string damaged_log() const;

 private:
  mutable std::mutex mutex_;
  std::string damaged_log_;
};

}  // namespace timerose
