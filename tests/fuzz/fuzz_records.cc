// What a node reads back of its own database when it starts: rows with whatever bytes. They are
// left out or refused; what is read and written again is read as the same.
#include "base/check.h"
#include "base/clock.h"
#include "base/sqlite.h"
#include "node/records/authority_records.h"
#include "node/records/peer_book.h"
#include "node/records/provide_records.h"
#include "node/records/trust_records.h"
#include "node/records/verification_records.h"
#include "node/records/witness_records.h"

namespace timerose::node {
namespace {

const PeerId& self() {
  static const PeerId kSelf = PeerId::of(PublicKey());
  return kSelf;
}
const Cid& some_cid() {
  static const Cid kCid = Cid::of_sha256(Codec::kRaw, as_bytes("x"));
  return kCid;
}

// The columns of a row: each has a length before it, and the last has what is left.
class Columns {
 public:
  explicit Columns(ByteView bytes) : rest_(bytes) {}
  ByteView next() {
    if (rest_.empty()) return {};
    const size_t length = std::min<size_t>(rest_[0], rest_.size() - 1);
    const ByteView taken = rest_.subspan(1, length);
    rest_ = rest_.subspan(1 + length);
    return taken;
  }
  int64_t number() {
    int64_t value = 0;
    const ByteView bytes = next();
    std::copy_n(bytes.begin(), std::min(bytes.size(), sizeof(value)),
                reinterpret_cast<uint8_t*>(&value));
    return value;
  }
  ByteView rest() { return std::exchange(rest_, {}); }

 private:
  ByteView rest_;
};

sqlite::Statement prepared(sqlite::Database& records, std::string_view sql) {
  auto statement = records.prepare(sql);
  CHECK(statement.ok());
  return *std::move(statement);
}

void check_peers(sqlite::Database& records, Columns columns) {
  SystemClock clock;
  CHECK(PeerBook::load(records, clock).ok());
  const ByteView addresses = columns.next();
  const int64_t wanted = columns.number();
  const int64_t seen = columns.number();
  CHECK(prepared(records, "INSERT INTO peers VALUES (?1, ?2, ?3, ?4)")
            .bind(1, columns.rest())
            .bind(2, as_text(addresses))
            .bind(3, wanted)
            .bind(4, seen)
            .run()
            .ok());
  auto book = PeerBook::load(records, clock);
  CHECK(book.ok());
  for (const auto& peer : book->wanted()) book->met(peer.peer, {"/memory/1"});
  CHECK(PeerBook::save(records, book->take_changes()).ok());
  CHECK(PeerBook::load(records, clock)->wanted().size() == book->wanted().size());
}

void check_trust(sqlite::Database& records, Columns columns) {
  CHECK(load_trust(records, self()).ok());
  const ByteView role = columns.next();
  CHECK(prepared(records, "INSERT INTO trust VALUES (?1, ?2)")
            .bind(1, columns.rest())
            .bind(2, as_text(role))
            .run()
            .ok());
  const auto trust = load_trust(records, self());
  CHECK(trust.ok());
  CHECK(save_trust(records, *trust).ok());
  CHECK(load_trust(records, self())->peers() == trust->peers());
}

void check_scores(sqlite::Database& records, Columns columns) {
  const scheduler::verify::ScoreLimits limits;
  CHECK(load_scores(records, limits).ok());
  auto keep = prepared(records, "INSERT INTO scores VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  keep.bind(2, columns.next());
  for (int column = 3; column <= 6; ++column) keep.bind(column, columns.number());
  CHECK(keep.bind(1, columns.rest()).run().ok());
  const auto scores = load_scores(records, limits);
  CHECK(scores.ok());
  CHECK(save_scores(records, scores->entries()).ok());
  CHECK(load_scores(records, limits)->entries().size() == scores->entries().size());
}

void check_provided(sqlite::Database& records, Columns columns) {
  CHECK(ProvideRecords::load(records).ok());
  CHECK(prepared(records, "INSERT INTO provide_sweep VALUES (0, ?1)")
            .bind(1, columns.number())
            .run()
            .ok());
  const int64_t whole = columns.number();
  CHECK(prepared(records, "INSERT INTO provide_soon VALUES (?1, ?2)")
            .bind(1, columns.rest())
            .bind(2, whole)
            .run()
            .ok());
  const auto loaded = ProvideRecords::load(records);
  CHECK(loaded.ok());
  CHECK(loaded->save(records).ok());
  const auto again = ProvideRecords::load(records);
  CHECK(again.ok() && again->swept_until_ns == loaded->swept_until_ns);
  CHECK(again->soon.size() == loaded->soon.size());
}

void check_witnesses(sqlite::Database& records, Columns columns) {
  CHECK(witnesses_of(records, some_cid())->empty());
  const ByteView operator_name = columns.next();
  CHECK(
      prepared(records, "INSERT INTO witnesses(invocation, operator, receipt) VALUES (?1, ?2, ?3)")
          .bind(1, some_cid().bytes())
          .bind(2, as_text(operator_name))
          .bind(3, columns.rest())
          .run()
          .ok());
  const auto witnesses = witnesses_of(records, some_cid());
  CHECK(witnesses.ok());
  CHECK(keep_witnesses(records, some_cid(), *witnesses).ok());
  CHECK(witnesses_of(records, some_cid())->size() == witnesses->size());
}

void check_tokens(sqlite::Database& records, Columns columns) {
  CHECK(load_tokens(records)->empty());
  const ByteView cid = columns.next();
  CHECK(prepared(records, "INSERT INTO ucan VALUES (?1, ?2)")
            .bind(1, cid)
            .bind(2, columns.rest())
            .run()
            .ok());
  CHECK(prepared(records, "INSERT INTO ucan_revoked VALUES (?1)").bind(1, cid).run().ok());
  const auto tokens = load_tokens(records);
  CHECK(tokens.ok());
  CHECK(keep_tokens(records, *tokens).ok());
  CHECK(load_tokens(records)->size() >= tokens->size());
  (void)load_revocations(records);
}

}  // namespace
}  // namespace timerose::node

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace timerose::node;
  if (size == 0) return 0;
  constexpr std::array kTables{check_peers,    check_trust,     check_scores,
                               check_provided, check_witnesses, check_tokens};
  timerose::sqlite::Database records{":memory:"};
  kTables[data[0] % kTables.size()](records, Columns({data + 1, size - 1}));
  return 0;
}
