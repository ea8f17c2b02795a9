#include "node/records/provide_records.h"

namespace timerose::node {
namespace {

Status prepare_sweep(sqlite::Database& records) {
  return records.execute(
      "CREATE TABLE IF NOT EXISTS provide_sweep("
      "  only INTEGER PRIMARY KEY CHECK(only = 0), swept_until_ns INTEGER NOT NULL);"
      "CREATE TABLE IF NOT EXISTS provide_soon("
      "  cid BLOB PRIMARY KEY, whole INTEGER NOT NULL) WITHOUT ROWID");
}

constexpr const char* kKeepSoon = "INSERT OR REPLACE INTO provide_soon VALUES (?1, ?2)";

}  // namespace

Result<ProvideRecords> ProvideRecords::load(sqlite::Database& records) {
  TR_TRY(prepare_sweep(records));
  ProvideRecords loaded;
  {
    TR_ASSIGN(auto row, records.prepare("SELECT swept_until_ns FROM provide_sweep"));
    TR_ASSIGN(const bool found, row.step());
    if (found) loaded.swept_until_ns = static_cast<uint64_t>(row.number(0));
  }
  TR_ASSIGN(auto rows, records.prepare("SELECT cid, whole FROM provide_soon"));
  while (loaded.soon.size() < kSoonMax) {
    TR_ASSIGN(const bool more, rows.step());
    if (!more) break;
    auto cid = Cid::decode(rows.blob(0));
    if (cid.ok()) loaded.soon.push_back({*std::move(cid), rows.number(1) != 0});
  }
  return loaded;
}

Status ProvideRecords::save(sqlite::Database& records) const {
  TR_TRY(prepare_sweep(records));
  TR_ASSIGN(auto transaction, records.begin());
  {
    TR_TRY(records.execute("DELETE FROM provide_soon"));
    TR_ASSIGN(auto sweep, records.prepare("INSERT OR REPLACE INTO provide_sweep VALUES (0, ?1)"));
    TR_TRY(sweep.bind(1, static_cast<int64_t>(swept_until_ns)).run());
    TR_ASSIGN(auto keep, records.prepare(kKeepSoon));
    for (const Soon& one : soon) {
      TR_TRY(keep.bind(1, one.cid.bytes()).bind(2, int64_t{one.whole}).run());
      keep.reset();
    }
  }
  return transaction.commit();
}

Status ProvideRecords::add_soon(sqlite::Database& records, const Soon& soon) {
  TR_TRY(prepare_sweep(records));
  TR_ASSIGN(auto keep, records.prepare(kKeepSoon));
  return keep.bind(1, soon.cid.bytes()).bind(2, int64_t{soon.whole}).run();
}

}  // namespace timerose::node
