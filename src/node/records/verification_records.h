// What is kept of others' answers in the repository's records: scores, and which evidence there is.
#pragma once

#include <vector>

#include "base/sqlite.h"
#include "blockstore/blockstore.h"
#include "blockstore/pins.h"
#include "multiformats/peer_id.h"
#include "scheduler/verify/evidence.h"
#include "scheduler/verify/scores.h"

namespace timerose::node {

// Beyond it, the oldest evidence is unpinned and forgotten.
inline constexpr size_t kEvidenceMax = 1024;
inline constexpr const char* kEvidencePinName = "evidence";

Result<scheduler::verify::Scores> load_scores(sqlite::Database& records,
                                              const scheduler::verify::ScoreLimits& limits);
// Replaces what is kept of these.
Status save_scores(sqlite::Database& records,
                   const std::vector<scheduler::verify::Scores::Entry>& entries);

// Whether it ever was: what it said before cannot be told from lies.
Result<bool> was_at_fault(sqlite::Database& records, const PeerId& executor);

struct EvidenceRecord {
  Cid cid;
  uint64_t kept_unix_ns = 0;
};
// Stores the block, pins it, and lists it. The caller has a hold on the store.
Result<Cid> keep_evidence(sqlite::Database& records, Blockstore& store, Pins& pins,
                          const scheduler::verify::Evidence& evidence, uint64_t now_unix_ns);
// The newest first.
Result<std::vector<EvidenceRecord>> list_evidence(sqlite::Database& records);

}  // namespace timerose::node
