#include "names/record_store.h"

namespace timerose::names {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS ipns_records("
    "  name BLOB NOT NULL,"         // the PeerID's multihash
    "  own INTEGER NOT NULL,"       // 1: published here; a name may have one of each
    "  record BLOB NOT NULL,"       // as it travels
    "  seen INTEGER NOT NULL,"      // nanoseconds of the Unix clock
    "  lifetime INTEGER NOT NULL,"  // nanoseconds
    "  PRIMARY KEY(name, own)) WITHOUT ROWID";

// Both ways, so that numbers above the signed range survive.
int64_t as_stored(uint64_t number) { return static_cast<int64_t>(number); }
uint64_t as_number(int64_t stored) { return static_cast<uint64_t>(stored); }

// Of the columns record, seen, lifetime.
std::optional<StoredRecord> record_of(const sqlite::Statement& row, const PeerId& name, bool own) {
  const ByteView bytes = row.blob(0);
  auto record = inspect(bytes, name);
  if (!record.ok()) return std::nullopt;
  return StoredRecord{{std::move(record).value(), to_bytes(bytes)},
                      as_number(row.number(1)),
                      own,
                      as_number(row.number(2))};
}

}  // namespace

Status RecordStore::prepare_table() {
  const std::lock_guard lock(mutex_);
  if (table_ready_) return success();
  TR_TRY(database_.execute(kSchema));
  table_ready_ = true;
  return success();
}

Status RecordStore::put(const PeerId& name, const StoredRecord& record) {
  TR_ASSIGN(sqlite::Statement insert,
            database_.prepare("INSERT OR REPLACE INTO ipns_records(name, own, record, seen, "
                              "lifetime) VALUES(?1,?2,?3,?4,?5)"));
  insert.bind(1, name.bytes()).bind(2, int64_t{record.own}).bind(3, record.signed_record.bytes);
  return insert.bind(4, as_stored(record.seen_ns)).bind(5, as_stored(record.lifetime_ns)).run();
}

Result<std::optional<StoredRecord>> RecordStore::read(const PeerId& name, bool own) {
  TR_ASSIGN(sqlite::Statement select,
            database_.prepare(
                "SELECT record, seen, lifetime FROM ipns_records WHERE name = ?1 AND own = ?2"));
  select.bind(1, name.bytes()).bind(2, int64_t{own});
  TR_ASSIGN(const bool found, select.step());
  return found ? record_of(select, name, own) : std::optional<StoredRecord>();
}

Result<std::optional<StoredRecord>> RecordStore::find(const PeerId& name) {
  TR_TRY(prepare_table());
  TR_ASSIGN(auto own, read(name, true));
  TR_ASSIGN(auto other, read(name, false));
  if (!own || !other) return own ? std::move(own) : std::move(other);
  return is_newer(other->signed_record, own->signed_record) ? std::move(other) : std::move(own);
}

Result<SignedRecord> RecordStore::put_next(const PrivateKey& key, const Wish& wish,
                                           const std::optional<SignedRecord>& newest,
                                           uint64_t now_ns) {
  TR_ASSIGN(const IpnsRecord record,
            next_record(newest ? std::optional(newest->record) : std::optional<IpnsRecord>(), wish,
                        now_ns));
  TR_ASSIGN(Bytes bytes, create(key, record));
  StoredRecord stored{{record, std::move(bytes)}, now_ns, true, wish.lifetime_ns};
  TR_TRY(put(PeerId::of(key.public_key()), stored));
  return std::move(stored.signed_record);
}

Result<SignedRecord> RecordStore::publish(const PrivateKey& key, const Wish& wish,
                                          const std::optional<SignedRecord>& seen_elsewhere,
                                          uint64_t now_ns) {
  TR_TRY(prepare_table());
  TR_ASSIGN(sqlite::Transaction transaction, database_.begin());
  TR_ASSIGN(const auto kept, find(PeerId::of(key.public_key())));
  const auto newest = newer_of(
      kept ? std::optional(kept->signed_record) : std::optional<SignedRecord>(), seen_elsewhere);
  TR_ASSIGN(SignedRecord record, put_next(key, wish, newest, now_ns));
  TR_TRY(transaction.commit());
  return record;
}

Result<std::optional<SignedRecord>> RecordStore::renew(const PrivateKey& key, uint64_t now_ns) {
  const PeerId name = PeerId::of(key.public_key());
  TR_TRY(prepare_table());
  TR_ASSIGN(sqlite::Transaction transaction, database_.begin());
  TR_ASSIGN(const auto newest, find(name));
  if (!newest) {
    return Error{ErrorCode::kNotFound, name_text(name) + " has not been published here"};
  }
  if (!newest->own) return std::optional<SignedRecord>();
  const IpnsRecord& old = newest->signed_record.record;
  TR_ASSIGN(SignedRecord record, put_next(key, {old.value, newest->lifetime_ns, old.ttl_ns},
                                          newest->signed_record, now_ns));
  TR_TRY(transaction.commit());
  return std::optional(std::move(record));
}

Status RecordStore::saw(const PeerId& name, const SignedRecord& record, uint64_t now_ns) {
  TR_TRY(prepare_table());
  TR_ASSIGN(sqlite::Transaction transaction, database_.begin());
  TR_ASSIGN(auto kept, find(name));
  if (kept && !is_newer(record, kept->signed_record)) {
    kept->seen_ns = now_ns;
    TR_TRY(put(name, *kept));
  } else {
    TR_TRY(put(name, {record, now_ns, false, 0}));
    TR_TRY(drop_oldest());
  }
  return transaction.commit();
}

Status RecordStore::drop_oldest() {
  TR_ASSIGN(sqlite::Statement count,
            database_.prepare("SELECT COUNT(*) FROM ipns_records WHERE own = 0"));
  TR_ASSIGN([[maybe_unused]] const bool found, count.step());
  const int64_t surplus = count.number(0) - kSeenRecordsMax;
  if (surplus <= 0) return success();
  TR_ASSIGN(sqlite::Statement drop,
            database_.prepare("DELETE FROM ipns_records WHERE own = 0 AND name IN (SELECT name "
                              "FROM ipns_records WHERE own = 0 ORDER BY seen LIMIT ?1)"));
  return drop.bind(1, surplus).run();
}

Result<std::vector<OwnRecord>> RecordStore::own() {
  TR_TRY(prepare_table());
  TR_ASSIGN(sqlite::Statement select,
            database_.prepare("SELECT record, seen, lifetime, name FROM ipns_records WHERE own = "
                              "1 ORDER BY name"));
  std::vector<OwnRecord> records;
  while (true) {
    TR_ASSIGN(const bool found, select.step());
    if (!found) return records;
    const auto name = PeerId::decode(select.blob(3));
    if (!name.ok()) continue;
    if (auto record = record_of(select, *name, true))
      records.push_back({*name, *std::move(record)});
  }
}

}  // namespace timerose::names
