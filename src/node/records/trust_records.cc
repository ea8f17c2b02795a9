#include "node/records/trust_records.h"

namespace timerose::node {
namespace {

Status prepare_trust(sqlite::Database& records) {
  return records.execute(
      "CREATE TABLE IF NOT EXISTS trust(peer BLOB NOT NULL, role TEXT NOT NULL,"
      " PRIMARY KEY(peer, role)) WITHOUT ROWID");
}

}  // namespace

Result<scheduler::execute::TrustList> load_trust(sqlite::Database& records, const PeerId& self) {
  scheduler::execute::TrustList trust(self);
  TR_TRY(prepare_trust(records));
  TR_ASSIGN(auto rows, records.prepare("SELECT peer, role FROM trust"));
  while (true) {
    TR_ASSIGN(const bool more, rows.step());
    if (!more) return trust;
    const auto peer = PeerId::decode(rows.blob(0));
    const auto role = scheduler::execute::role_named(rows.text(1));
    if (!peer.ok() || !role.ok()) continue;  // of another version of this program
    TR_TRY(trust.add(*peer, *role));
  }
}

Status save_trust(sqlite::Database& records, const scheduler::execute::TrustList& trust) {
  TR_TRY(prepare_trust(records));
  TR_ASSIGN(auto transaction, records.begin());
  TR_TRY(records.execute("DELETE FROM trust"));
  {
    TR_ASSIGN(auto keep, records.prepare("INSERT INTO trust VALUES (?1, ?2)"));
    for (const PeerId& peer : trust.peers()) {
      for (const scheduler::execute::Role role : trust.roles_of(peer)) {
        keep.bind(1, peer.bytes()).bind(2, std::string(scheduler::execute::role_name(role)));
        TR_TRY(keep.run());
        keep.reset();
      }
    }
  }
  return transaction.commit();
}

}  // namespace timerose::node
