// The records of names that outlive the process: those that we published, and the newest seen of
// names that we asked for. In SQLite; a change is durable when it returns. Thread-safe, and safe
// beside other processes.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/sqlite.h"
#include "names/decisions.h"
#include "names/ipns_record.h"

namespace timerose::names {

// Records of others that are kept; beyond it those seen longest ago go.
inline constexpr int64_t kSeenRecordsMax = 4096;

struct StoredRecord {
  SignedRecord signed_record;
  uint64_t seen_ns = 0;  // of the Unix clock: when it was last seen to be the newest
  bool own = false;
  uint64_t lifetime_ns = 0;  // of an own one: as its publisher asked
};

struct OwnRecord {
  PeerId name;
  StoredRecord stored;
};

class RecordStore {
 public:
  // Its table is made at first use. `database` must outlive it.
  explicit RecordStore(sqlite::Database& database) : database_(database) {}

  // Writes the record that next_record() gives after the newest of those kept here and
  // `seen_elsewhere`, signed by `key`. Two publishers never give the same number to two values.
  Result<SignedRecord> publish(const PrivateKey& key, const Wish& wish,
                               const std::optional<SignedRecord>& seen_elsewhere, uint64_t now_ns);
  // The record last published here, signed again so that it ends later; nothing where another
  // node with the same key has published a newer one. kNotFound if none was published.
  Result<std::optional<SignedRecord>> renew(const PrivateKey& key, uint64_t now_ns);
  // Keeps a record that was verified, unless a newer one is kept; it was seen now in either case.
  Status saw(const PeerId& name, const SignedRecord& record, uint64_t now_ns);

  // The newest kept, expired or not. What does not verify any more is as good as absent.
  Result<std::optional<StoredRecord>> find(const PeerId& name);
  Result<std::vector<OwnRecord>> own();

 private:
  Status prepare_table();
  Status put(const PeerId& name, const StoredRecord& record);
  Result<SignedRecord> put_next(const PrivateKey& key, const Wish& wish,
                                const std::optional<SignedRecord>& newest, uint64_t now_ns);
  Result<std::optional<StoredRecord>> read(const PeerId& name, bool own);
  Status drop_oldest();

  sqlite::Database& database_;
  std::mutex mutex_;
  bool table_ready_ = false;
};

}  // namespace timerose::names
