// What a RocksDatabase has open: RocksDB, or nothing where a database that is only read is not
// there yet. For the files of this folder only.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "blockstore/rocks_database.h"

namespace timerose {

struct RocksDatabase::Handles {
  // Of a reader, on LOCK. Closing it drops every lock that this process has on the file, so it
  // stays open until the database has been closed.
  FileDescriptor lock;
  std::unique_ptr<rocksdb::Env> env;  // outlives db
  std::unique_ptr<rocksdb::DB> db;    // null: empty
  rocksdb::ColumnFamilyHandle* blocks = nullptr;
  rocksdb::ColumnFamilyHandle* records = nullptr;

  static Result<std::unique_ptr<Handles>> open_reading(const std::filesystem::path& folder);
  static Result<std::unique_ptr<Handles>> open_writing(const std::filesystem::path& folder);

  Handles() = default;
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  ~Handles() {
    if (db == nullptr) return;
    db->DestroyColumnFamilyHandle(blocks);
    db->DestroyColumnFamilyHandle(records);
    db.reset();
  }

  void take(rocksdb::DB* opened, const std::vector<rocksdb::ColumnFamilyHandle*>& families) {
    db.reset(opened);
    blocks = families[0];
    records = families[1];
  }

  rocksdb::Status get(rocksdb::ColumnFamilyHandle* family, const std::string& key,
                      rocksdb::PinnableSlice* value) const {
    return db == nullptr ? rocksdb::Status::NotFound() : db->Get({}, family, key, value);
  }
  [[nodiscard]] std::unique_ptr<rocksdb::Iterator> iterate(
      rocksdb::ColumnFamilyHandle* family, const rocksdb::ReadOptions& options) const {
    return std::unique_ptr<rocksdb::Iterator>(db == nullptr ? rocksdb::NewEmptyIterator()
                                                            : db->NewIterator(options, family));
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
