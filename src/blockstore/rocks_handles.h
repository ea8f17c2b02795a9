// What a RocksDatabase has open. For the files of this folder only.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "blockstore/rocks_database.h"

namespace timerose {

struct RocksDatabase::Handles {
  std::unique_ptr<rocksdb::Env> env;  // outlives db
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::ColumnFamilyHandle* blocks = nullptr;
  rocksdb::ColumnFamilyHandle* records = nullptr;

  Handles() = default;
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  ~Handles() {
    if (db == nullptr) return;
    db->DestroyColumnFamilyHandle(blocks);
    db->DestroyColumnFamilyHandle(records);
    db.reset();
  }
};

inline rocksdb::Slice slice_of(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view view_of(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

inline constexpr char kSizePrefix = 's';
inline constexpr char kDataPrefix = 'd';
inline std::string block_key(char prefix, std::string_view multihash) {
  std::string key;
  key.reserve(multihash.size() + 1);
  key.push_back(prefix);
  return key.append(multihash);
}

}  // namespace timerose
