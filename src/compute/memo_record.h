// What the memo remembers, as bytes: packed for the table in memory, DAG-CBOR for the one on disk.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "base/bytes.h"
#include "base/result.h"
#include "compute/memo.h"

namespace timerose::compute {

// Engines by a small number, so that a record in memory need not hold their names. Thread-safe.
class EngineNames {
 public:
  static constexpr size_t kEnginesMax = 256;

  // kEnginesMax if there are too many already.
  uint16_t number_of(const EngineName& engine);
  // The engine of a number that number_of() gave. Takes no lock: what has a number never changes.
  [[nodiscard]] const std::shared_ptr<const EngineName>& named(uint16_t number) const;

 private:
  std::mutex mutex_;
  std::atomic<size_t> count_ = 0;
  std::array<std::shared_ptr<const EngineName>, kEnginesMax> engines_;
};

// Whether the table in memory can hold it; of what executions give here it can hold all.
bool is_packable(const Remembered& entry);
// Inverses. unpack takes only what pack wrote, in this process.
void pack(const Remembered& entry, uint16_t engine, Bytes& out);
void unpack(ByteView record, Remembered& entry, uint16_t& engine);

// Inverses; decode is strict. Schema: memo.ipldsch.
Result<Bytes> encode_remembered(const Remembered& entry);
Result<Remembered> decode_remembered(ByteView bytes);

}  // namespace timerose::compute
