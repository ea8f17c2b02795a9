#include "node/records/advert_records.h"

#include "scheduler/adverts/advert_table.h"

namespace timerose::node {
namespace {

Status prepare_adverts(sqlite::Database& records) {
  return records.execute(
      "CREATE TABLE IF NOT EXISTS adverts(node BLOB PRIMARY KEY, heard_ms INTEGER NOT NULL,"
      " advert BLOB NOT NULL) WITHOUT ROWID");
}

}  // namespace

Result<std::vector<KeptAdvert>> load_adverts(sqlite::Database& records) {
  TR_TRY(prepare_adverts(records));
  std::vector<KeptAdvert> kept;
  TR_ASSIGN(auto rows, records.prepare("SELECT node, heard_ms, advert FROM adverts"
                                       " ORDER BY heard_ms DESC LIMIT ?1"));
  rows.bind(1, int64_t{scheduler::AdvertTable::kNodesMax});
  while (true) {
    TR_ASSIGN(const bool more, rows.step());
    if (!more) return kept;
    auto node = PeerId::decode(rows.blob(0));
    if (!node.ok()) continue;  // of another version of this program
    kept.push_back(
        {*std::move(node), static_cast<uint64_t>(rows.number(1)), to_bytes(rows.blob(2))});
  }
}

Status save_adverts(sqlite::Database& records, std::span<const AdvertChange> changes) {
  if (changes.empty()) return success();
  TR_TRY(prepare_adverts(records));
  TR_ASSIGN(auto transaction, records.begin());
  {
    TR_ASSIGN(auto forget, records.prepare("DELETE FROM adverts WHERE node = ?1"));
    TR_ASSIGN(auto keep, records.prepare("INSERT OR REPLACE INTO adverts VALUES (?1, ?2, ?3)"));
    for (const AdvertChange& change : changes) {
      if (!change.advert) {
        TR_TRY(forget.bind(1, change.node.bytes()).run());
        forget.reset();
        continue;
      }
      TR_ASSIGN(const Bytes bytes, change.advert->encode());
      keep.bind(1, change.node.bytes()).bind(2, static_cast<int64_t>(change.heard_unix_ms));
      TR_TRY(keep.bind(3, ByteView(bytes)).run());
      keep.reset();
    }
  }
  return transaction.commit();
}

}  // namespace timerose::node
