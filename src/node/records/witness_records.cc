#include "node/records/witness_records.h"

namespace timerose::node {
namespace {

Status prepare_witnesses(sqlite::Database& records) {
  return records.execute(
      "CREATE TABLE IF NOT EXISTS witnesses(number INTEGER PRIMARY KEY AUTOINCREMENT,"
      " invocation BLOB NOT NULL, operator TEXT NOT NULL, receipt BLOB NOT NULL);"
      "CREATE INDEX IF NOT EXISTS witnesses_of ON witnesses(invocation)");
}

}  // namespace

Status keep_witnesses(sqlite::Database& records, const Cid& invocation,
                      std::span<const Witness> witnesses) {
  TR_TRY(prepare_witnesses(records));
  TR_ASSIGN(auto transaction, records.begin());
  {
    TR_ASSIGN(auto remove, records.prepare("DELETE FROM witnesses WHERE invocation = ?1"));
    TR_TRY(remove.bind(1, invocation.bytes()).run());
    TR_ASSIGN(auto keep, records.prepare("INSERT INTO witnesses(invocation, operator, receipt)"
                                         " VALUES (?1, ?2, ?3)"));
    for (const Witness& witness : witnesses) {
      TR_ASSIGN(const Bytes receipt, witness.receipt.encode());
      keep.bind(1, invocation.bytes()).bind(2, witness.operator_name).bind(3, receipt);
      TR_TRY(keep.run());
      keep.reset();
    }
    TR_ASSIGN(auto trim, records.prepare("DELETE FROM witnesses WHERE number <="
                                         " (SELECT max(number) FROM witnesses) - ?1"));
    TR_TRY(trim.bind(1, static_cast<int64_t>(kWitnessesMax)).run());
  }
  return transaction.commit();
}

Result<std::vector<Witness>> witnesses_of(sqlite::Database& records, const Cid& invocation) {
  TR_TRY(prepare_witnesses(records));
  TR_ASSIGN(auto rows, records.prepare("SELECT operator, receipt FROM witnesses"
                                       " WHERE invocation = ?1 ORDER BY number"));
  rows.bind(1, invocation.bytes());
  std::vector<Witness> witnesses;
  while (true) {
    TR_ASSIGN(const bool more, rows.step());
    if (!more) return witnesses;
    auto receipt = compute::Receipt::decode(rows.blob(1));
    if (!receipt.ok()) continue;  // of another version of this program
    witnesses.push_back({std::string(rows.text(0)), *std::move(receipt)});
  }
}

}  // namespace timerose::node
