// RocksDB's door to the system, without what our databases do not need: its information log, and
// the syncing of OPTIONS files, which record the settings for people and are never read back. Two
// of the five syncs that opening a database takes are theirs.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace timerose {

std::unique_ptr<rocksdb::Env> quick_environment();
std::shared_ptr<rocksdb::Logger> silent_logger();

}  // namespace timerose
