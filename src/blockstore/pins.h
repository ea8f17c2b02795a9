// Pins: which DAGs and blocks are to be kept. Records in SQLite; on success a change is durable.
//
// A CID has at most one pin. Version 0 and version 1 of a CID are the same pin; it is listed in the
// form in which it was first added. Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/sqlite.h"
#include "blockstore/blockstore.h"
#include "multiformats/cid.h"

namespace timerose {

enum class PinMode {
  kDirect,     // this one block
  kRecursive,  // the block and all below it
};
const char* pin_mode_name(PinMode mode);  // "direct"

inline constexpr size_t kPinNameBytesMax = 255;

struct Pin {
  Cid cid;
  PinMode mode = PinMode::kRecursive;
  std::string name;  // may be empty
};

// Why a block is kept.
struct Pinned {
  enum class How { kDirect, kRecursive, kIndirect };
  How how = How::kDirect;
  std::optional<Cid> through;  // kIndirect: the recursive pin that it is below of
};

class Pins {
 public:
  // Its table is made at first use. `database` must outlive it.
  explicit Pins(sqlite::Database& database) : database_(database) {}

  // Pins `cid`, or changes its pin: a direct one becomes recursive, a new name replaces the old one
  // (an empty one does not). kInvalidArgument for a direct pin where there is a recursive one, and
  // for a name that is too long. Records only: pin_dag() also checks that all of it is there.
  Status add(const Pin& pin);
  // kNotFound if it is not pinned, or (if a mode is given) not in this mode.
  Status remove(const Cid& cid, std::optional<PinMode> mode = std::nullopt);

  Result<std::optional<Pin>> find(const Cid& cid);
  // In order of creation; of one mode if it is given. A visit may change pins.
  Status for_each(std::optional<PinMode> mode, const std::function<Status(const Pin&)>& visit);

  // Whether `cid` is kept, and why; nothing if it is not. Reads the DAGs of recursive pins until it
  // is found; what is missing in them is passed over.
  Result<std::optional<Pinned>> why_pinned(Blockstore& store, const Cid& cid);
  // Every block below recursive pins that has no pin of its own, once.
  Status for_each_indirect(Blockstore& store, const std::function<Status(const Cid&)>& visit);

 private:
  Status prepare_table();

  sqlite::Database& database_;
  std::mutex mutex_;
  bool table_ready_ = false;
};

// Pins a block, or a whole DAG after reading all of it: kNotFound names the block that is missing.
// The caller has a hold on the store, so that nothing of the DAG is swept meanwhile; blocks are
// made durable before the pin is.
Status pin_dag(Blockstore& store, Pins& pins, const Pin& pin);

}  // namespace timerose
