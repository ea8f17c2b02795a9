#include "node/records/verification_records.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace timerose::node {
namespace {

using scheduler::ContentKey;
using scheduler::verify::Scores;

// Counts are kept in millionths.
constexpr double kParts = 1'000'000;
constexpr size_t kFunctionBytes = 16;
// In place of a function.
constexpr std::array<uint8_t, 1> kWholeNode{0};

Status prepare_scores(sqlite::Database& records) {
  return records.execute(
      "CREATE TABLE IF NOT EXISTS scores(peer BLOB NOT NULL, function BLOB NOT NULL,"
      " good INTEGER NOT NULL, faults INTEGER NOT NULL, at INTEGER NOT NULL,"
      " times_faulty INTEGER NOT NULL, PRIMARY KEY(peer, function)) WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS evidence(number INTEGER PRIMARY KEY,"
      " cid BLOB NOT NULL UNIQUE, at INTEGER NOT NULL)");
}

Bytes bytes_of(const Scores::Entry& entry) {
  if (entry.is_node) return to_bytes(kWholeNode);
  Bytes bytes(kFunctionBytes);
  std::memcpy(bytes.data(), &entry.function.high, sizeof(entry.function.high));
  std::memcpy(bytes.data() + sizeof(entry.function.high), &entry.function.low,
              sizeof(entry.function.low));
  return bytes;
}

bool read_function(ByteView bytes, Scores::Entry& entry) {
  entry.is_node = bytes.size() == kWholeNode.size();
  if (entry.is_node) return true;
  if (bytes.size() != kFunctionBytes) return false;
  std::memcpy(&entry.function.high, bytes.data(), sizeof(entry.function.high));
  std::memcpy(&entry.function.low, bytes.data() + sizeof(entry.function.high),
              sizeof(entry.function.low));
  return true;
}

int64_t parts_of(double count) { return std::llround(std::min(count, 1e9) * kParts); }

// Unpins and forgets the oldest beyond what is kept.
Status drop_oldest(sqlite::Database& records, Pins& pins) {
  while (true) {
    std::optional<Cid> oldest;
    {
      TR_ASSIGN(auto rows, records.prepare("SELECT cid, (SELECT count(*) FROM evidence)"
                                           " FROM evidence ORDER BY number LIMIT 1"));
      TR_ASSIGN(const bool more, rows.step());
      if (!more || rows.number(1) <= static_cast<int64_t>(kEvidenceMax)) return success();
      TR_ASSIGN(oldest, Cid::decode(rows.blob(0)));
    }
    Status unpinned = pins.remove(*oldest, PinMode::kDirect);
    if (!unpinned.ok() && unpinned.error().code != ErrorCode::kNotFound) return unpinned;
    TR_ASSIGN(auto remove, records.prepare("DELETE FROM evidence WHERE cid = ?1"));
    TR_TRY(remove.bind(1, oldest->bytes()).run());
  }
}

}  // namespace

Result<Scores> load_scores(sqlite::Database& records,
                           const scheduler::verify::ScoreLimits& limits) {
  TR_TRY(prepare_scores(records));
  Scores scores(limits);
  size_t kept = 0;
  {
    TR_ASSIGN(auto rows,
              records.prepare("SELECT peer, function, good, faults, at, times_faulty FROM scores"));
    while (true) {
      TR_ASSIGN(const bool more, rows.step());
      if (!more) break;
      ++kept;
      const auto peer = PeerId::decode(rows.blob(0));
      if (!peer.ok()) continue;  // of another version of this program
      Scores::Entry entry{*peer, true, {}, {}};
      if (!read_function(rows.blob(1), entry)) continue;
      entry.score.good = static_cast<double>(rows.number(2)) / kParts;
      entry.score.faults = static_cast<double>(rows.number(3)) / kParts;
      entry.score.at_ns = static_cast<uint64_t>(rows.number(4));
      entry.score.times_faulty = static_cast<uint32_t>(rows.number(5));
      scores.restore(entry);
    }
  }
  const auto entries = scores.entries();
  if (entries.size() < kept) {  // what gave way goes from the records too
    TR_TRY(records.execute("DELETE FROM scores"));
    TR_TRY(save_scores(records, entries));
  }
  return scores;
}

Status save_scores(sqlite::Database& records, const std::vector<Scores::Entry>& entries) {
  TR_TRY(prepare_scores(records));
  TR_ASSIGN(auto transaction, records.begin());
  {
    TR_ASSIGN(auto keep,
              records.prepare("INSERT OR REPLACE INTO scores VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    for (const Scores::Entry& entry : entries) {
      const Bytes function = bytes_of(entry);
      keep.bind(1, entry.node.bytes())
          .bind(2, ByteView(function))
          .bind(3, parts_of(entry.score.good))
          .bind(4, parts_of(entry.score.faults))
          .bind(5, static_cast<int64_t>(entry.score.at_ns))
          .bind(6, static_cast<int64_t>(entry.score.times_faulty));
      TR_TRY(keep.run());
      keep.reset();
    }
  }
  return transaction.commit();
}

Result<bool> was_at_fault(sqlite::Database& records, const PeerId& executor) {
  TR_TRY(prepare_scores(records));
  TR_ASSIGN(auto rows, records.prepare("SELECT 1 FROM scores WHERE peer = ?1 AND function = ?2"
                                       " AND times_faulty > 0"));
  return rows.bind(1, executor.bytes()).bind(2, ByteView(kWholeNode)).step();
}

Result<Cid> keep_evidence(sqlite::Database& records, Blockstore& store, Pins& pins,
                          const scheduler::verify::Evidence& evidence, uint64_t now_unix_ns) {
  TR_TRY(prepare_scores(records));
  TR_ASSIGN(Bytes bytes, evidence.encode());
  const Block block = Block::of_sha256(Codec::kDagCbor, std::move(bytes));
  const std::array blocks{block};
  TR_TRY(store.put(blocks));
  TR_TRY(store.flush());
  TR_TRY(pins.add({block.cid(), PinMode::kDirect, kEvidencePinName}));
  {
    TR_ASSIGN(auto add, records.prepare("INSERT OR IGNORE INTO evidence(cid, at) VALUES (?1, ?2)"));
    TR_TRY(add.bind(1, block.cid().bytes()).bind(2, static_cast<int64_t>(now_unix_ns)).run());
  }
  TR_TRY(drop_oldest(records, pins));
  return block.cid();
}

Result<std::vector<EvidenceRecord>> list_evidence(sqlite::Database& records) {
  TR_TRY(prepare_scores(records));
  std::vector<EvidenceRecord> found;
  TR_ASSIGN(auto rows, records.prepare("SELECT cid, at FROM evidence ORDER BY number DESC"));
  while (true) {
    TR_ASSIGN(const bool more, rows.step());
    if (!more) return found;
    TR_ASSIGN(Cid cid, Cid::decode(rows.blob(0)));
    found.push_back({std::move(cid), static_cast<uint64_t>(rows.number(1))});
  }
}

}  // namespace timerose::node
