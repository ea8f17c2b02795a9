// How a RocksDatabase sets RocksDB up. For the files of this folder only.
#pragma once

#include <rocksdb/db.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "blockstore/rocks_database.h"

namespace timerose {

// An opening for writing that finds as many logs as this writes what is in them to tables, so that
// the next ones have less to read; each session that writes leaves one.
inline constexpr size_t kLogFilesMax = 16;
size_t count_logs(const std::filesystem::path& folder);

rocksdb::DBOptions database_options(const std::filesystem::path& folder, rocksdb::Env* env,
                                    Access access, std::shared_ptr<rocksdb::Logger> logger);
// Blocks, then records.
std::vector<rocksdb::ColumnFamilyDescriptor> family_options();

}  // namespace timerose
