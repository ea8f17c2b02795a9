// What was computed once is known by name: Invocation -> Outcome, with what the execution used.
//
// In front two tables in memory of bounded size, behind them (if there is one) a persistent Table.
// Most answers are found by the first, which a look-up waits for once; the second takes what is
// too long for it or was displaced from it.
// Beside the Outcomes it remembers that a fuel budget was too small under an engine, so that a
// request with no more fuel is refused at once; an Outcome answers a request of any budget.
// An answer may be that of one asker alone (MemoKey's scope): no other is given it.
// Thread-safe.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "blockstore/table.h"
#include "compute/outcome.h"
#include "compute/receipt.h"
#include "crypto/digest.h"

namespace timerose::compute {

// Invocations, Outcomes and Receipts are dag-cbor blocks named by sha2-256, so inside the memo the
// digest stands for the CID.
Cid object_cid(const Sha256Digest& digest);
// kInvalidArgument for a CID that cannot name one of our objects.
Result<Sha256Digest> object_digest(const Cid& cid);

// An Invocation's name here. The place is known before the digest is, so that memory can be asked
// for the entry while SHA-256 runs.
struct MemoKey {
  Sha256Digest digest;
  uint64_t place;  // place_of() the Invocation
  // Of the one asker who may be given the answer; null: all may.
  const Sha256Digest* scope = nullptr;
};

// Of the Invocation and the scope together: two scopes have nothing in common. With a scope only.
Sha256Digest scoped_digest(const MemoKey& key);

struct Remembered {
  Sha256Digest outcome_digest{};
  Outcome outcome;
  Metering metering;
  std::optional<Sha256Digest> receipt;  // absent if the execution was recorded in memory only
};

class BucketCache;
class DigestCache;
class EngineNames;

class Memo {
 public:
  // Bytes of the tables in memory; beyond it the oldest entries go (they stay in the Table behind).
  static constexpr uint64_t kFrontBytesDefault = 256ULL << 20;

  // `behind` may be null and must outlive the Memo.
  explicit Memo(Table* behind, uint64_t front_bytes_max = kFrontBytesDefault);
  ~Memo();

  // To be called as early as the place is known: a find() or remember() follows.
  void prefetch(uint64_t place) const;

  // Whether the Invocation of this name is known; then `found` is filled.
  [[nodiscard]] Result<bool> find(const MemoKey& invocation, Remembered& found);

  enum class Keep { kInMemory, kInTable };
  // Replaces what was known. kInTable is durable after flush(). `entry` names its engine.
  Status remember(const MemoKey& invocation, const Remembered& entry, Keep keep);

  // The largest fuel budget known to be too small for the Invocation under this engine.
  Result<std::optional<uint64_t>> too_small(const MemoKey& key, const EngineName& engine);
  Status remember_too_small(const MemoKey& key, const EngineName& engine, uint64_t fuel, Keep keep);

  Status flush();

 private:
  bool find_in_front(const MemoKey& invocation, Remembered& found);
  void put_in_front(const MemoKey& invocation, const Remembered& entry);

  Table* behind_;
  std::unique_ptr<BucketCache> near_;
  std::unique_ptr<DigestCache> far_;
  std::unique_ptr<EngineNames> engines_;
};

}  // namespace timerose::compute
