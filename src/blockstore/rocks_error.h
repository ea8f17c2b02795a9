// RocksDB's statuses as our errors.
#pragma once

#include <rocksdb/status.h>

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace timerose {

// `folder` is the database's; the message names it and says what to do.
Error rocks_error(const rocksdb::Status& status, std::string_view doing,
                  const std::filesystem::path& folder);

// The process that has the database in `folder` open, as "process 123 (name)"; nothing if none has.
std::string lock_holder(const std::filesystem::path& folder);

}  // namespace timerose
